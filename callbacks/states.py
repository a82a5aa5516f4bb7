"""The life of a promise as a table.  Pure.

```
promised -> due -> ringing_agent -> ringing_customer -> talking -> kept | broken
    ^________________________________|  (not reached: a new time)      unreachable
any open state -> cancelled | merged | kept (they rang us first)
```
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

LAST = timedelta(seconds=120)  # of its window, in which a promise that has come due goes before all who wait


class State(StrEnum):
    PROMISED = "promised"
    DUE = "due"  # its time has come and nobody is free yet
    RINGING_AGENT = "ringing_agent"
    RINGING_CUSTOMER = "ringing_customer"
    TALKING = "talking"
    KEPT = "kept"
    BROKEN = "broken"  # connected, but later than promised
    CANCELLED = "cancelled"
    MERGED = "merged"
    UNREACHABLE = "unreachable"


OPEN = (State.PROMISED, State.DUE, State.RINGING_AGENT, State.RINGING_CUSTOMER, State.TALKING)
MOVABLE = (State.PROMISED, State.DUE)
