"""Measurements, not tests: what is printed here is stated in the docs, as ratios and counts.

Times depend on the machine and are never asserted; work that must not grow is asserted beside the probes.
"""
