"""People: who a caller is, what we know of them, who knows them.  Never knows that a call is live."""
