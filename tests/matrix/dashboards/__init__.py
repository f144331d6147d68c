"""Tests of Grafana's dashboards.

They read the files as Grafana would, and ask a real Prometheus what panels ask.
"""
