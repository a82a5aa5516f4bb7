"""Where facts live and when things happen: SQL, Redis, the clock, due work.

Knows nothing of callers, agents or promises: the rooms above bring their own tables.
"""
