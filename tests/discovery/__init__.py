"""Tests of discovery; `census` makes the answers of clouds that they are about.

What a daemon does with a real database is tried in tests/live.
"""
