"""Other houses' systems: who has a number there, and what they are told of conversations.

Only this package speaks to addresses that are neither the carrier's nor our own.
"""
