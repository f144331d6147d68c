"""Storage heartbeats: `storage_heartbeat` asks when a host last wrote to its pools.

One sheet per probe; what it is made of stands beside it.
"""
