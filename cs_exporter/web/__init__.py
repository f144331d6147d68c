"""The web server: metrics, landing page, one-off runs, discovery, history, health, reload, behind TLS and passwords.

It knows the daemon only by the protocol in `daemon`; the only room that imports aiohttp and bcrypt.
"""
