"""What a desk's scripts send, taken apart.  Pure but for the request."""

from __future__ import annotations

import json
import re

from starlette.requests import Request

from desk.softphone.desks import Beat
from desk.viewer import Viewer

DESK = re.compile(r"[A-Za-z0-9-]{8,64}")
HEADER = "x-desk"
LARGEST = 2_000


class BadRequest(ValueError):
    """What was sent is not what a desk sends."""


def desk_of(request: Request) -> str | None:
    """Which window asks; null: one without scripts."""
    given = request.headers.get(HEADER, "")
    return given if DESK.fullmatch(given) else None


def read_beat(body: bytes, viewer: Viewer) -> Beat:
    """`{"desk": …, "phone": …, "registered": …, "take": …}`; absent is false.  Raises BadRequest."""
    try:
        given = json.loads(body) if len(body) <= LARGEST else None
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise BadRequest("A desk sends an object.")
    desk_id = given.get("desk")
    if not isinstance(desk_id, str) or not DESK.fullmatch(desk_id):
        raise BadRequest("A desk has a name of 8 to 64 letters, digits and hyphens.")
    flags = [given.get(name, False) for name in ("phone", "registered", "take")]
    if not all(isinstance(flag, bool) for flag in flags):
        raise BadRequest("`phone`, `registered` and `take` are true or false.")
    return Beat(desk_id, viewer.user_id, viewer.agent_id, *flags)
