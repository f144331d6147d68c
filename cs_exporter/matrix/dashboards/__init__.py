"""Grafana's dashboards, written from the matrix: what a panel shows, its unit and its colours come from the sheets.

`files` writes them. Each of the other modules is one dashboard, or one thing that all of them are made of.
"""
