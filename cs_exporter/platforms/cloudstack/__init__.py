"""Apache CloudStack: its `cloud` database and its API, each of which tells who is there and how they are.

Columns, units, settings and their traps are those of 4.15 to 4.22.
"""
