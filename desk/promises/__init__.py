"""The ledger of promises for managers: what may not be kept comes first, and what can be done about each."""
