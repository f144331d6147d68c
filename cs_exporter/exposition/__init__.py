"""The board as Prometheus reads it: `families` decides what is shown, `frame` adds what no sheet says, `pages` writes.

Only `pages` knows the client library, so that how samples are written can change without touching what they mean.
"""
