"""Agents: `agent_heartbeat` asks both ends of their sessions, `agent_countdown` says how long is left.

One sheet per probe; what it is made of stands beside it.
"""
