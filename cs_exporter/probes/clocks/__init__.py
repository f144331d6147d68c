"""Clocks: `time_drift` asks a host, `clock_fleet` compares them all.

One sheet per probe; what it is made of stands beside it.
"""
