"""Probes of OpenStack clouds: who belongs to them, and how their agents report.

One answer of the cloud's databases or APIs tells of all machines at once.
"""
