"""OpenStack: what its databases and APIs say of its agents, in one shape.

Plain rows; what they mean is the probes' business.
"""
