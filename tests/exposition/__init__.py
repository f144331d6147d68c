"""Tests of the exposition; `stubs` has small sheets of their own, so that no real probe's change can break them.

Everything else about exposition is checked against the real promtool and a real client's parser.
"""
