"""SSH: connections to hosts, and what goes through them.

The only place that knows asyncssh.
"""
