"""A simulated cloud that the real daemon watches through a whole hour of virtual time, in some seconds.

`virtual_time` makes the clocks jump, `cloud` lives by them, `world` puts it where hosts would be, `hour` looks on.
"""
