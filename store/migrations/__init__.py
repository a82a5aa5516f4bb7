"""The schema's history: each revision leads both databases from the one before it, and back."""
