"""What an agent should know a minute before a promised call: who it is, about what, and how they have fared with us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import personal
from callbacks.schemas import Attempt, Story, StoryPerson, StoryReason, StoryWeariness
from callbacks.upcoming import broken_lately
from crm import cases
from crm.familiarity import familiar_agents
from crm.history import memory
from crm.identify import Person
from crm.timeline import timeline
from crm.troubles import how_they_fared
from crm.weariness import Weary, weariness

LATEST = 3


async def tell(
    conn: AsyncConnection,
    promise: Row[Any],
    person: Person,
    attempts: Sequence[Row[Any]],
    *,
    agent_id: str | None,
    now: datetime,
) -> Story:
    """`agent_id`: who is going to call."""
    remembered = await memory(conn, person.id)
    talks = remembered.lately
    items = await timeline(conn, person.id, [personal.tell], None, LATEST)
    fared = await how_they_fared(conn, person.id, now)
    troubles = fared.troubles(await broken_lately(conn, person.id, now=now))
    met = {one.agent_id: one.times for one in familiar_agents(talks, now)}
    return Story(
        callback=promise.id,
        due_at=promise.promised_at,
        kind=promise.kind,
        person=StoryPerson.model_validate(person),
        reason=promise.reason,
        words=promise.words,
        transcript=promise.transcript,
        recording_url=promise.recording_url,
        lately=[item for item in items if item.ref != promise.id][:LATEST],
        cases=[one for one in await cases.all_of(conn, person.id) if one.state == "open"],
        weariness=_shown(weariness(talks, remembered.matters, now, troubles)),
        talks=met.get(agent_id, 0) if agent_id else 0,
        moves=promise.moves,
        missed_at=promise.missed_at,
        attempts=[Attempt.model_validate(one) for one in attempts],
    )


def _shown(weary: Weary) -> StoryWeariness:
    reasons = [StoryReason(kind=one.kind, times=one.times, topic=one.topic) for one in weary.reasons]
    return StoryWeariness(level=weary.level, reasons=reasons)
