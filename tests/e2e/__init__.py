"""End to end: the small cloud, the exporter as a process of its own, and a real Prometheus that judges.

Every fault of the demo's catalogue is brought about and mended; what turned red, and when, is read from Prometheus.
"""
