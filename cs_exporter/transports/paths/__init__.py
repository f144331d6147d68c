"""The exporter's own view of paths: echoes, devices and routes.

The only place that knows raw sockets and pyroute2.
"""
