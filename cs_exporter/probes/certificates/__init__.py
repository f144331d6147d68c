"""Certificates on the hosts themselves: the agent's, which libvirt uses too.

Apart from those that ports show: libvirt's port is never dialled, and the agent has none.
"""
