"""Adapters of the clouds: what their databases and APIs answer, turned into the nouns that everybody shares.

They ask through the same ports as probes do, and know no probe and no transport.
"""
