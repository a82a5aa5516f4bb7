"""Promises as the API lists them: which are asked for, in which order, and how each is shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema
from sqlalchemy import BindParameter, Row, Select, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import parse_moment
from api.paging import Page, by_id
from callbacks.promises import Promises
from callbacks.schemas import Attempt, Callback, Choice, HistoryItem, Kind
from callbacks.states import OPEN, State
from callbacks.tables import callback_history, callbacks
from crm.texts import Told, last_told

Order = Literal["due", "latest", "made"]
_STATES: dict[str, tuple[State, ...]] = {"open": OPEN} | {str(state): (state,) for state in State}
_ONE_OR_MORE = rf"^({'|'.join(_STATES)})(,({'|'.join(_STATES)}))*$"


def _known_states(written: list[str]) -> list[str]:
    names = [name for one in written for name in one.split(",")]
    unknown = next((name for name in names if name not in _STATES), None)
    if unknown is not None:
        raise ValueError(f"A state is one of {', '.join(_STATES)}; several are separated by commas.")
    return names


def _asked_moment(value: object) -> datetime:
    """A plus in a query is read as a space."""
    return parse_moment(value.replace(" ", "+") if isinstance(value, str) else value)


States = Annotated[
    list[str],
    AfterValidator(_known_states),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": _ONE_OR_MORE}}),
]
AskedMoment = Annotated[
    datetime, BeforeValidator(_asked_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Reference = Annotated[str, StringConstraints(max_length=200)]


class Asked:
    """What `GET /callbacks` may be asked for; what is left out does not narrow."""

    def __init__(
        self,
        customer: Annotated[Reference | None, Query()] = None,
        agent: Annotated[Reference | None, Query()] = None,
        owner: Annotated[Reference | None, Query(description="the same as `agent`: whose promise it is")] = None,
        case: Annotated[Reference | None, Query()] = None,
        kind: Annotated[Kind | None, Query()] = None,
        state: Annotated[
            States | None, Query(description="one or several, also separated by commas; `open`: every one not ended")
        ] = None,
        at_risk: Annotated[bool | None, Query(description="true: those that may not be kept as they stand")] = None,
        missed: Annotated[bool | None, Query(description="true: those whose window once passed, moved since")] = None,
        due_from: Annotated[AskedMoment | None, Query(description="due at this instant or later")] = None,
        due_to: Annotated[AskedMoment | None, Query(description="due before this instant")] = None,
        q: Annotated[
            str | None, Query(max_length=200, description="to people who are found by this, as by `GET /customers?q=`")
        ] = None,
        order: Annotated[
            Order, Query(description="`made`: oldest first; `due`: due first; `latest`: due last first")
        ] = "made",
    ) -> None:
        self.order, self.customer, self.q = order, customer, q
        self._same = {
            callbacks.c.customer_id: (customer,),
            callbacks.c.agent_id: (agent, owner),
            callbacks.c.case_id: (case,),
            callbacks.c.kind: (kind,),
        }
        self._states = None if state is None else [one for name in state for one in _STATES[name]]
        self._at_risk, self._missed = at_risk, missed
        self._due_from, self._due_to = due_from, due_to

    def statement(self, page: Page, found: Sequence[str] | None = None) -> Select[Any]:
        """One row more than the page holds.  `found`: ids of the people whom `q` has found."""
        statement = select(callbacks)
        if found is not None:
            statement = statement.where(callbacks.c.customer_id.in_(found))
        for column, values in self._same.items():
            for value in values:
                if value is not None:
                    statement = statement.where(column == value)
        if self._states is not None:
            # As literals: only then do planners see that the index of the open ones will do.
            states: BindParameter[Any] = bindparam("states", self._states, expanding=True, literal_execute=True)
            statement = statement.where(callbacks.c.state.in_(states))
        for column, wanted in ((callbacks.c.risk, self._at_risk), (callbacks.c.missed_at, self._missed)):
            if wanted is not None:
                statement = statement.where(column.is_not(None) if wanted else column.is_(None))
        if self._due_from is not None:
            statement = statement.where(callbacks.c.promised_at >= self._due_from)
        if self._due_to is not None:
            statement = statement.where(callbacks.c.promised_at < self._due_to)
        return self._ordered(statement, page)

    def _ordered(self, statement: Select[Any], page: Page) -> Select[Any]:
        if self.order == "made":
            return page.by_id(statement, callbacks.c.id)
        at, key = callbacks.c.promised_at, callbacks.c.id
        if page.after is not None:
            last_at, last_key = page.after_moment()
            beyond = at < last_at if self.order == "latest" else at > last_at
            statement = statement.where(or_(beyond, and_(at == last_at, key > last_key)))
        return statement.order_by(at.desc() if self.order == "latest" else at, key).limit(page.limit + 1)

    def key(self, row: Row[Any]) -> tuple[str, ...]:
        """What the cursor of the next page holds."""
        return by_id(row) if self.order == "made" else (row.promised_at.isoformat(), row.id)


Narrowed = Annotated[Asked, Depends()]


async def shown(conn: AsyncConnection, promises: Promises, rows: Sequence[Row[Any]]) -> list[Callback]:
    """Promises as the API shows them."""
    ids = [row.id for row in rows]
    attempts = await promises.attempts(conn, ids)
    told = await last_told(conn, ids)
    return [_shown(row, attempts[row.id], told[row.id]) for row in rows]


def _shown(row: Row[Any], attempts: Sequence[Row[Any]], told: Told) -> Callback:
    same = ("id", "number", "window_seconds", "kind", "reason", "origin_call", "recording_url", "state", "kept_at")
    also = ("late_seconds", "made_at", "arrived_at", "made_by", "made_with", "channel", "words", "transcript", "risk")
    rest = ("moves", "missed_at", "kept_how", "note")
    return Callback(
        **{name: getattr(row, name) for name in (*same, *also, *rest)},
        customer=row.customer_id,
        agent=row.agent_id,
        case=row.case_id,
        due_at=row.promised_at,
        latest=row.promised_at + timedelta(seconds=row.window_seconds),
        attempts=[Attempt.model_validate(one) for one in attempts],
        choices=None if row.choices is None else [Choice.model_validate(one) for one in row.choices],
        told=told,
    )


def step_shown(row: Row[Any]) -> HistoryItem:
    who, _, way = row.by.rpartition(" ")
    return HistoryItem(n=row.n, at=row.at, what=row.what, by=who, by_way_of=way, before=row.before, after=row.after)


def steps_of(callback_id: str, page: Page) -> Select[Any]:
    """The first step first."""
    statement = select(callback_history).where(callback_history.c.callback_id == callback_id)
    if page.after is not None:
        statement = statement.where(callback_history.c.n > page.after_number())
    return statement.order_by(callback_history.c.n).limit(page.limit + 1)
