"""Tests of the matrix: what it writes is judged by promtool, a real Prometheus, Alertmanager and a browser.

Nothing is believed because it looks right: rules fire in promtool, panels are asked of a Prometheus that scrapes.
"""
