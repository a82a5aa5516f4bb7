"""Signing in and out, invitations, and one's own account."""
