"""Ports: `port_reachability` looks at them; the port table says which, and what they are worth.

One sheet per probe; what it is made of stands beside it.
"""
