"""Discovery that is safe: which of a cloud's hosts are kept whatever it answers, and what of it survives a restart.

A host that is no longer watched is one that nobody is told of, so that a bad answer must never take one away.
"""
