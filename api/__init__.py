"""How our JSON API speaks, whatever it speaks about: tokens, problem details, cursors, idempotency keys."""
