"""Promises to ring people back: slots, booking, keeping.  Never picks who is free."""
