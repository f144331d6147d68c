"""Paths: `path_mtu` measures them from a host, `path_directions` compares both ends.

One sheet per probe; what it is made of stands beside it.
"""
