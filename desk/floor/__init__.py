"""The manager's live floor: who talks with whom, who waits, what is promised next, what was decided and what is stuck.

It shows teams and calls.  For how long somebody talks or is away is shown only where the house has said so.
"""
