"""Agents as every page of the console names them: a face, a name, and whether they are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from routing.tables import agents
from store.sql import Database


@dataclass(frozen=True, slots=True)
class Colleague:
    id: str
    name: str
    photo_url: str | None
    team: str | None
    stand_in: str | None
    presence: str  # see `presence_of`

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name


async def colleagues(database: Database, ids: Collection[str] | None = None) -> dict[str, Colleague]:
    """By id, in the order of their names; without `ids` all of them."""
    kept = agents.c
    columns = (kept.id, kept.name, kept.photo_url, kept.team, kept.stand_in, kept.availability, kept.activity)
    query = select(*columns).order_by(kept.name, kept.id)
    if ids is not None:
        query = query.where(kept.id.in_(sorted(ids)))
    async with database.read() as conn:
        rows = (await conn.execute(query)).all()
    return {
        row.id: Colleague(
            row.id, row.name, row.photo_url, row.team, row.stand_in, presence_of(row.availability, row.activity)
        )
        for row in rows
    }


def presence_of(availability: str, activity: str) -> str:
    """What they do, else what they chose: ready | reserved | talking | wrap_up | away | offline."""
    return availability if activity == "idle" else activity


def to_choose(known: Mapping[str, Colleague], nobody: str, but: Collection[str] = ()) -> list[tuple[str, str]]:
    """For a field in which one is chosen; `nobody` is what the empty choice is called."""
    return [("", nobody), *((one.id, one.name) for one in known.values() if one.id not in but)]
