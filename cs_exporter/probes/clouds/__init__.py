"""What every cloud says of its hosts, whichever platform it is: questions put to the platforms' own answers.

One sheet per probe; what it is made of stands beside it.
"""
