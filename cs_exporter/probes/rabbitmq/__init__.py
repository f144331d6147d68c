"""The message bus: `rabbitmq` asks a node how it is and what waits in its queues, `rabbitmq_cluster` compares nodes.

One sheet per probe; what it is made of stands beside it.
"""
