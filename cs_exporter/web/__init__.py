"""The web server: metrics, status page, runbooks, one-off runs, discovery, history, health, reload, behind TLS and passwords.

It knows the daemon only by the protocol in `daemon`; the only room that imports aiohttp and bcrypt.
"""
