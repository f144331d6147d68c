"""Database servers: kept connections, their logins and what goes wrong with them.

The only place that knows aiomysql.
"""
