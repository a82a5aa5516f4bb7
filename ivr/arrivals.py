"""An inbound call is opened: with what the carrier tells of it, and whom we take its caller for."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.numbering import number_in
from crm.identify import Caller, Household, Known, Unknown
from ivr import calls, inbound
from ivr.household import told_apart
from ivr.journey import SILENT
from ivr.lifecycle import CallState
from ivr.turn import Rooms, Turn

Form = Mapping[str, str]


async def believed(rooms: Rooms, conn: AsyncConnection, form: Form, found: Caller) -> Caller:
    """A number that is the diverter's, or our own, is not the caller's; several people are only who can be named."""
    number = form.get("From", "")
    diverters = inbound.is_diverters(number, inbound.forwarded_from(form))
    if diverters or await rooms.numbers.is_ours(conn, number):
        return Unknown(None)
    return told_apart(found, number_in(number, rooms.house.country))


async def open_inbound(rooms: Rooms, conn: AsyncConnection, form: Form, found: Caller) -> Turn:
    now, number = rooms.clock.now(), form.get("From", "")
    version, plan = await rooms.plans.current(conn)
    person = found.person if isinstance(found, Known) else None
    people = found.people if isinstance(found, Household) else ()
    wanted = person.language if person else next((p.language for p in people if p.language), None)
    ours = found == Unknown(None) and await rooms.numbers.is_ours(conn, number)  # we have diverted them ourselves
    call = await calls.open_call(
        conn,
        now=now,
        sid=form["CallSid"],
        direction="inbound",
        from_number=number,
        to_number=form["To"],
        customer_id=person.id if person else None,
        language=wanted or plan.line(form["To"]).language or rooms.house.language,
        state=CallState.GREETING,
        step=1,
        plan_version=version,
        due_at=now + SILENT,
        attestation=inbound.attestation(form),
        forwarded_from=inbound.forwarded_from(form) or (number if ours else None),
    )
    await calls.add_leg(conn, call.id, "caller", now=now, sid=form["CallSid"], state="in-progress")
    turn = Turn(rooms, conn, now, plan, call)
    await turn.meet(person)
    return turn
