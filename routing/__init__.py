"""Who should take this call: agents, the floor, the plan, choosing, reservations.  Never speaks TwiML, never dials."""
