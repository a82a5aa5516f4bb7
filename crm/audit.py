"""Who read or changed what of whom: one row each, written with the change or before what was read is shown.

A row is never changed again.  It names people by their ids alone, and what happened by a word; no name, number or value
of anybody is in it, so it may outlive the person.  Without its row there is no reading: a store that takes no writes
shows no profile through the API, since nobody could answer for it later.  Callers are greeted all the same: no webhook
writes here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Principal
from crm.tables import audit
from store.ids import new_id
from store.sql import Database

HOUSE = "house"  # the role under which we act unasked


class What(StrEnum):
    READ = "read"  # one profile, or a part of what is known of them: detail `part`
    SEARCHED = "searched"  # shown in a list or found by a search
    MADE = "made"
    CHANGED = "changed"  # detail `fields`: their names
    ERASED = "erased"
    EXPORTED = "exported"
    MERGED = "merged"  # detail `other`
    SPLIT = "split"
    CONSENT = "consent"  # detail `kind`, `given`
    PROOF = "proof"  # a code was sent, or came back
    STORY_EXPORT = "story_export"
    IMPORTED = "imported"
    PLAN_PUBLISHED = "plan_published"  # detail `version`
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"  # detail `token`
    SIGNED_IN = "signed_in"  # detail `how`, and `second` for the second factor that was shown
    SIGNED_OUT = "signed_out"  # by themselves, or by a manager: detail `user`, `sessions`
    PASSWORD_CHOSEN = "password_chosen"
    SECOND_FACTOR_ON = "second_factor_on"  # detail `user`, as of the next three
    SECOND_FACTOR_OFF = "second_factor_off"  # by themselves
    SECOND_FACTOR_RESET = "second_factor_reset"  # by a manager or the command: detail `sessions`
    RECOVERY_CODES = "recovery_codes"  # ten new ones
    USER_MADE = "user_made"  # detail `user`, and `of` for the role
    USER_CHANGED = "user_changed"  # detail `user`, `fields`
    USER_DISABLED = "user_disabled"  # detail `user`
    USER_ENABLED = "user_enabled"  # detail `user`
    USER_INVITED = "user_invited"  # detail `user`
    INTERVENED = "intervened"  # a call or an agent that could not go on: detail `ended`, `call`, `agent`
    HANDED_OVER = "handed_over"  # an agent's people to their successor: detail `agent`, `successor`, counts
    EXPIRED = "expired"  # what was kept long enough: detail `kind`, `rows`


async def record(
    conn: AsyncConnection,
    asking: Principal | str,
    what: What,
    customer_id: str | None = None,
    *,
    now: datetime,
    **detail: Any,
) -> None:
    """`asking` as text: the house itself, and by which of its works.  `detail` holds nothing personal.

    Of things that can be asked for: ids, names of fields, counts, words of ours; never what somebody typed.
    """
    await record_many(conn, asking, what, [customer_id], now=now, **detail)


async def record_many(
    conn: AsyncConnection,
    asking: Principal | str,
    what: What,
    customer_ids: Iterable[str | None],
    *,
    now: datetime,
    **detail: Any,
) -> None:
    """As `record`, a row for each of them in one statement."""
    who = _who(asking)
    rows = [
        {"id": new_id("aud"), "at": now, "what": str(what), "customer_id": customer_id, "detail": detail or None} | who
        for customer_id in customer_ids
    ]
    if rows:
        await conn.execute(insert(audit), rows)


async def seen(
    database: Database,
    asking: Principal | str,
    what: What,
    customer_ids: Iterable[str],
    *,
    now: datetime,
    **detail: Any,
) -> None:
    """As `record_many`, for what was read before, outside of a transaction: to be awaited before it is shown.

    A search may take a while, and on SQLite nobody else could write meanwhile.
    """
    if ids := list(customer_ids):
        async with database.write() as conn:
            await record_many(conn, asking, what, ids, now=now, **detail)


async def part_seen(
    database: Database, asking: Principal | str, customer_id: str | None, part: str, *, now: datetime
) -> None:
    """As `seen`, of what was read about one person, by its name in the API; null: it was about nobody."""
    if customer_id is not None:
        await seen(database, asking, What.READ, [customer_id], now=now, part=part)


def _who(asking: Principal | str) -> dict[str, str | None]:
    if isinstance(asking, str):
        return {"role": HOUSE, "by": asking, "agent_id": None}
    return {"role": asking.role, "by": asking.token_id, "agent_id": asking.agent_id}
