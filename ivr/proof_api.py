"""`/calls/{sid}/proof` under `/api/v1`: a code for the caller, and what they read back of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Body, Moment, Shown
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard
from crm import audit
from crm.audit import What
from ivr import calls, proof
from ivr.call_steps import check_theirs
from ivr.proof import CannotProve, Code, NotTheirs, TooManyCodes
from ivr.turn import Rooms, Turn


class ProofWish(Body):
    number: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="which of their stored numbers; left out: the first mobile"
    )


class ProofRead(Body):
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class ProofShown(Shown):
    """`verified` is also told by the call's `identity`."""

    number: str
    ends_at: Moment
    tries_left: int
    verified: bool


def proof_router(rooms: Rooms, guard: Guard, secret: str) -> APIRouter:
    at = _Proofs(rooms, secret)
    router = APIRouter(tags=["calls"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    router.add_api_route(
        "/calls/{call_sid}/proof", at.send, methods=["POST"], status_code=201, responses=responses(403, 404, 409, 429)
    )
    router.add_api_route("/calls/{call_sid}/proof", at.compare, methods=["PUT"], responses=responses(403, 404, 409))
    return router


class _Proofs:
    def __init__(self, rooms: Rooms, secret: str) -> None:
        self._rooms, self._secret = rooms, secret

    async def send(self, call_sid: str, wish: ProofWish, asking: Asking) -> ProofShown:
        """A six-digit code goes by text to a number that stood in the person's record before they called.

        The caller reads it to the agent within ten minutes.  At most three codes an hour for one person; an agent asks
        for one in their own call only.
        """
        rooms = self._rooms
        try:
            async with rooms.database.write() as conn:
                call = await calls.lock_by_sid(conn, call_sid)
                if call is None:
                    raise NotFound("call")
                await check_theirs(await Turn.of(rooms, conn, call), asking)
                code, effects = await proof.send(
                    rooms, conn, call, self._secret, wanted=wish.number, asked_by=asking.token_id
                )
                await _note(conn, asking, call.customer_id, rooms, "sent")
        except NotTheirs as error:
            raise FieldRefused("number", error.reason) from None
        except TooManyCodes as error:
            raise Problem(429, None, error.reason, headers={"Retry-After": "3600"}) from None
        except CannotProve as error:
            raise Problem(409, None, error.reason) from None
        rooms.carrier.kick(*effects)
        return _shown(code)

    async def compare(self, call_sid: str, read: ProofRead, asking: Asking) -> ProofShown:
        """What the caller read out.  `verified` false: it was another, which also counts; three tries a code."""
        rooms = self._rooms
        try:
            async with rooms.database.write() as conn:
                call = await calls.lock_by_sid(conn, call_sid)
                if call is None:
                    raise NotFound("call")
                await check_theirs(await Turn.of(rooms, conn, call), asking)
                code = await proof.compare(conn, call, self._secret, read.code, rooms.clock.now())
                await _note(conn, asking, call.customer_id, rooms, "verified" if code.verified else "wrong")
        except CannotProve as error:
            raise Problem(409, None, error.reason) from None
        return _shown(code)


async def _note(conn: AsyncConnection, asking: Asking, customer_id: str | None, rooms: Rooms, result: str) -> None:
    await audit.record(conn, asking, What.PROOF, customer_id, now=rooms.clock.now(), result=result)


def _shown(code: Code) -> ProofShown:
    return ProofShown(number=code.number, ends_at=code.ends_at, tries_left=code.tries_left, verified=code.verified)
