"""A small cloud on one machine: to be looked at (`make demo`), and for the end to end tests.

`cloud` builds it, `pace` says how quickly it lives, `fault` what a fault is, `catalogue` which there are.
"""
