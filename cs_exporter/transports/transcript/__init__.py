"""What was asked and answered, written down for `cs-exporter probe`.

Each port has a wrapper; the run knows nothing of it.
"""
