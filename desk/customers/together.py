"""What one person and one agent share, told as one would tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from desk.customers.profile import PLACE, facts_of, person
from desk.formats import Formats
from desk.pages import Asked
from desk.words import Words

AT_ONCE = 30
MOST = 200


async def show(asked: Asked) -> Response:
    customer, agent_id = await person(asked), asked.request.path_params["agent_id"]
    context = await facts_of(asked, customer)
    agent = context["agents"].get(agent_id)
    if agent is None:
        return asked.trouble(404, asked.words("There is no such agent."))
    theirs = f"/customers/{customer['id']}"
    many = MOST if "all" in asked.request.query_params else AT_ONCE
    found = await asked.api.get("/interactions", customer=customer["id"], agent=agent_id, limit=many)
    cases = (await asked.api.get("/cases", customer=customer["id"], limit=MOST))["items"]
    promises = (await asked.api.get("/callbacks", customer=customer["id"], agent=agent_id, limit=MOST))["items"]
    notes = (await asked.api.get(f"{theirs}/notes", limit=MOST))["items"]
    familiar = (await asked.api.get(f"{theirs}/familiar", language=asked.words.language))["items"]
    known = next((one for one in familiar if one["agent"] == agent_id), None)
    return asked.page(
        "customers/together.html",
        place=PLACE,
        agent=agent,
        sentences=list(sentences(found["items"], known, customer, agent_id, asked.words, asked.formats)),
        known=known,
        talks=found["items"],
        more=found["next"] is not None,
        cases=[one for one in cases if one["owner"] == agent_id],
        promises=sorted(promises, key=lambda one: one["due_at"], reverse=True),
        notes=[one for one in notes if one["agent"] == agent_id],
        **context,
    )


def sentences(
    talks: Sequence[Mapping[str, Any]],
    known: Mapping[str, Any] | None,
    customer: Mapping[str, Any],
    agent_id: str,
    words: Words,
    formats: Formats,
) -> Iterator[str]:
    """`talks`: the latest first.  Pure."""
    if known is not None:
        if known["chosen"]:
            yield words("This agent is the one they chose.")
        yield from (one["sentence"] for one in known["reasons"] if one["kind"] not in ("chosen", "last"))
    elif not talks:
        yield words("The two have not talked yet.")
    if agent_id in customer["stand_ins"]:
        yield words("Steps in for the one they chose.")
    if talks:
        days = [formats.whole(one["started_at"]).rpartition(",")[0] for one in (talks[-1], talks[0])]
        told = {"first": days[0], "last": days[1]}
        if len(talks) == 1:
            yield words("They talked once, on %(last)s.", last=told["last"])
        else:
            yield words("They talked between %(first)s and %(last)s.", **told)
        topics = Counter(one["topic"] for one in talks if one["topic"]).most_common(1)
        if topics and topics[0][1] > 1:
            yield words("Most often it was about: %(topic)s.", topic=topics[0][0])
