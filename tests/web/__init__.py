"""Tests of the web server, all against real sockets; `support` has a stand-in for the daemon and a client.

What a browser or Prometheus would meet is asked for in the same way here.
"""
