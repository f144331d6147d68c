"""A CloudStack cloud's own word, asked of its pseudo-host: who is there, and how it says they are.

One sheet per probe; what it is made of stands beside it.
"""
