"""Tests of the exposition; `stubs` has small sheets of their own, so that no real probe's change can break them."""
