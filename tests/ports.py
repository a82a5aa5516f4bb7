"""Ports for servers that tests start as processes of their own."""

from __future__ import annotations

import random
import socket

# Below what the system hands to outgoing connections: a port found free here is not lent away before it is used.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """At random, since several workers of the test run look at the same time."""
    while True:
        port = random.randint(FIRST, LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
