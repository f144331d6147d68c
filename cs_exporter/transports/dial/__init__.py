"""Connections from the exporter to look at a port.

Harmless by design: connect, look, leave.
"""
