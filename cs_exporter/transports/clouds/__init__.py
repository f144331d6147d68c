"""How one call to a cloud's API is made: its keys, its pages, its connection, and what each error means.

All of it runs in a thread, because the client library waits where it stands.
"""
