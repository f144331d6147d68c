"""The only importers of network and shell libraries: they fill the Protocols of `ports`.

Every library's error becomes a ProbeFailed here, so that probes know none of them.
"""
