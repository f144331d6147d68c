"""Databases: `mysql_connections` asks a server, `galera_cluster` compares those of a cluster.

One sheet per probe; what it is made of stands beside it.
"""
