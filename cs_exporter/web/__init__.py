"""The web server: metrics, status, runbooks, runs by hand, discovery, history, health, reload; TLS and passwords.

It knows the daemon only by the protocol in `daemon`; the only room that imports aiohttp and bcrypt.
"""
