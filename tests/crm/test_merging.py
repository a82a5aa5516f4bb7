import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import joining
from callbacks.tables import callbacks
from crm import history, merging, people
from crm.api import Others
from crm.filling import _added, _instead, apart, coming, together
from crm.identify import Known, identify, person_by_id
from crm.separating import new_lines, without
from crm.tables import customer_phones, customers, interactions, not_the_same
from crm.tidying import Tidying
from store.clock import VirtualClock
from store.sql import Database, metadata
from tests.api.asking import Asking, asking

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
BLANK: dict[str, Any] = {column.name: None for column in customers.columns} | {"tags": [], "stand_ins": []}


def row(**values: Any) -> dict[str, Any]:
    return BLANK | values


def filled(kept: dict[str, Any], gone: dict[str, Any]) -> dict[str, Any]:
    return together(kept, coming(kept, gone))


def test_what_the_kept_one_says_stays_and_what_it_does_not_say_is_filled() -> None:
    kept = row(name="Maria Rossi", language="it-IT", notes="two cats", tags=["vip"], called="")
    gone = row(name="Rossi Maria", language="de-DE", notes="a dog", tags=["vip", "press"], called="Mimi", title="dr")
    assert filled(kept, gone) == {
        "called": "Mimi",
        "title": "dr",
        "notes": "two cats\n\na dog",
        "tags": ["vip", "press"],
    }
    assert filled(kept, kept) == {}
    assert filled(row(notes="two cats and a dog"), row(notes="a dog")) == {}


def test_the_parts_of_a_name_come_over_only_with_the_same_name() -> None:
    gone = row(name="Maria Rossi", given="Maria", surname="Rossi")
    assert filled(row(name="Rossi, Maria"), gone) == {"given": "Maria", "surname": "Rossi"}
    assert filled(row(name="Maria Bianchi"), gone) == {}
    assert filled(row(), gone) == {"name": "Maria Rossi", "given": "Maria", "surname": "Rossi"}
    recorded = row(name_recording_url="https://api.example/RE1")
    assert filled(row(), recorded) == {"name_recording_url": "https://api.example/RE1"}
    assert filled(row(name="Maria"), recorded) == {}


@pytest.mark.parametrize(
    ("field", "mine", "theirs", "edited", "left"),
    [
        ("notes", "chiamare dopo le 20", "chiamare dopo le 18", "chiamare dopo le 20", "chiamare dopo le 20"),
        ("notes", None, "gas", "Ha il gas metano, dal 2019", "Ha il gas metano, dal 2019"),
        ("style", None, "parlare piano", "parlare piano e forte", "parlare piano e forte"),
        ("notes", "gas", "gas\nluce", "gas\nluce", "gas"),  # each line once, tidied by somebody
        ("life_notes", "due gatti\n\n\nun cane ", "un cane\nun pesce", None, "due gatti\n\n\nun cane"),
        ("notes", None, "gas", None, None),
    ],
)
def test_told_apart_each_has_the_lines_that_were_theirs_and_those_edited_since(
    field: str, mine: str | None, theirs: str, edited: str | None, left: str | None
) -> None:
    kept = row(**{field: mine})
    came = coming(kept, row(**{field: theirs}))
    kept |= together(kept, came)
    assert not set(str(mine).split("\n")) & set(came[field].split("\n"))  # nobody else's words are kept for it
    kept |= {field: edited} if edited else {}
    assert (kept | apart(kept, came))[field] == left


def test_a_line_that_a_third_has_too_comes_from_them_when_it_goes() -> None:
    kept = row(notes="nota")
    gave = coming(kept, row(notes="gas"))
    kept |= together(kept, gave)
    third = row(notes="gas\nluce")
    given = coming(kept, third)
    kept |= together(kept, given)
    assert (given, kept["notes"]) == ({"notes": "luce"}, "nota\n\ngas\n\nluce")
    kept |= apart(kept, gave)
    more = _instead(coming(kept, third), gave, given)
    assert more == {"notes": "gas"}
    kept |= together(kept, more)
    assert apart(kept, _added(given, more)) == {"notes": "nota"}


async def fill_every_table(conn: AsyncConnection, customer_id: str, name: str) -> dict[str, int]:
    """A row in each table that says whose it is, with nothing else in it than must be; the tables and their number."""
    made: dict[str, int] = {}
    tables = {reference.table.name: reference.column.name for reference in merging._references()}
    for table in metadata.sorted_tables:
        column = tables.get(table.name)
        if column is None or table.name == "proofs":  # which also belongs to a call
            continue
        values = _least(table, name) | {column: customer_id}
        if table.name == "vetoes":
            values["agent_id"] = await conn.scalar(select(func.min(metadata.tables["agents"].c.id)))
        await conn.execute(insert(table).values(values))
        made[f"{table.name}.{column}"] = 1
    return made


def _least(table: Table, name: str) -> dict[str, Any]:
    needed = [one for one in table.columns if (not one.nullable or one.primary_key) and one.server_default is None]
    kinds: dict[str, Any] = {"Text": name, "Integer": 1, "Boolean": True, "Instant": NOW, "JSON": [], "NullType": name}
    values = {one.name: kinds[type(one.type).__name__] for one in needed}
    if table is callbacks:
        values |= {"state": "kept", "promised_at": NOW}
    return values


@pytest.fixture
async def two(ask: Asking) -> tuple[str, str]:
    await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    maria = {"external_id": "A", "name": "Maria Rossi", "phones": ["0612345678"], "tags": ["vip"]}
    again = {
        "external_id": "B",
        "name": "Rossi Maria",
        "called": "Mimi",
        "phones": ["0912345678", "0612345678"],
        "notes": "a dog",
        "email": "m@x.example",
    }
    return (await ask.made("/customers", maria))["id"], (await ask.made("/customers", again))["id"]


async def whose(conn: AsyncConnection, customer_id: str) -> dict[str, int]:
    found = {}
    for reference in merging._references():
        count = select(func.count()).select_from(reference.table).where(reference.column == customer_id)
        found[reference.name] = (await conn.scalar(count)) or 0
    return {name: count for name, count in found.items() if count}


async def test_everything_moves_to_the_kept_record_and_comes_back(ask: Asking, two: tuple[str, str]) -> None:
    kept, gone = two
    async with ask.database.write() as conn:
        filled = await fill_every_table(conn, gone, "x")
        before = await whose(conn, gone)
        kept_before = (await people.load(conn, [kept, gone])).values()
    assert set(filled) <= set(before)
    merged = (await ask.post(f"/customers/{kept}/merge", {"other": gone})).json()
    assert merged["stayed"] == {"customer_phones.customer_id": 1}  # the number that both had
    assert merged["moved"] == before | {"customer_phones.customer_id": before["customer_phones.customer_id"] - 1}
    assert merged["filled"] == ["called", "email", "notes"]
    async with ask.database.read() as conn:
        assert await whose(conn, gone) == merged["stayed"]
    shown = (await ask.get(f"/customers/{kept}")).json()
    assert (shown["called"], shown["notes"], shown["tags"]) == ("Mimi", "a dog", ["vip"])
    assert shown["phones"][:2] == ["+390612345678", "+390912345678"]

    # Meanwhile: a new conversation, and one field that was filled is changed.
    talk = {"customer": gone, "started_at": "2026-03-02T10:00:00Z", "outcome": "solved"}
    new = await ask.made("/interactions", talk)
    await ask("PATCH", f"/customers/{kept}", {"called": "Maria"})
    undone = (await ask.post(f"/merges/{merged['id']}/undo")).json()
    assert undone["undone_at"] is not None
    assert (await ask.post(f"/merges/{merged['id']}/undo")).json() == undone
    async with ask.database.read() as conn:
        assert await whose(conn, gone) == before
        assert await conn.scalar(select(interactions.c.customer_id).where(interactions.c.id == new["id"])) == kept
        one, other = (await people.load(conn, [kept, gone])).values()
    was, other_was = kept_before
    assert one.model_copy(update={"changed_at": was.changed_at, "called": None}) == was
    assert one.called == "Maria"
    assert other == other_was
    assert [one["id"] for one in (await ask.get(f"/customers/{kept}/merges")).json()["items"]] == [merged["id"]]


async def test_the_record_that_went_answers_with_the_kept_one_everywhere(ask: Asking, two: tuple[str, str]) -> None:
    kept, gone = two
    third = (await ask.made("/customers", {"name": "Maria", "email": "m@x.example"}))["id"]
    await ask.post(f"/customers/{gone}/not-the-same", {"other": third})
    merged = (await ask.post(f"/customers/{kept}/merge", {"other": "B"})).json()
    shown = (await ask.get(f"/customers/{kept}")).json()
    assert (await ask.get(f"/customers/{gone}")).json() == shown
    assert (await ask("PATCH", f"/customers/{gone}", {"title": "dottoressa"})).json()["id"] == kept
    for query in ("", "?external_id=B", "?q=rossi", "?q=B1", "?phone=0612345678", "?q=0912345"):
        found = (await ask.get(f"/customers{query}")).json()["items"]
        assert [one["id"] for one in found] == {"": [kept, third], "?q=B1": []}.get(query, [kept]), query
    talk = {"customer": "B", "started_at": "2026-03-02T10:00:00Z", "outcome": "solved"}
    assert (await ask.made("/interactions", talk))["customer"] == kept
    answer = await ask.post("/customers", {"external_id": "B"})
    assert (answer.status_code, answer.json()["id"]) == (409, kept)
    assert (await ask.get(f"/customers/{kept}/duplicates")).json()["items"] == []
    async with ask.database.read() as conn:
        for number in ("+390612345678", "+390912345678"):
            caller = await identify(conn, number, "IT")
            assert isinstance(caller, Known)
            assert caller.person.id == kept
        person = await person_by_id(conn, gone)
        assert person is not None
        assert person.id == kept

    for one, other in ((kept, gone), (gone, kept), (gone, "A")):
        answer = await ask.post(f"/customers/{one}/merge", {"other": other})
        assert (answer.status_code, answer.json()["field"], answer.json()["id"]) == (409, "other", kept)
    later = (await ask.post(f"/customers/{third}/merge", {"other": kept})).json()
    assert (await ask.get(f"/customers/{gone}")).json()["id"] == third
    answer = await ask.post(f"/merges/{merged['id']}/undo")
    assert (answer.status_code, answer.json()["merge"]) == (409, later["id"])
    for merge in (later, merged):
        assert (await ask.post(f"/merges/{merge['id']}/undo")).status_code == 200
    async with ask.database.read() as conn:
        assert list(await conn.execute(select(not_the_same.c.one_id, not_the_same.c.other_id))) == [(gone, third)]
    (likely,) = (await ask.get(f"/customers/{kept}/duplicates")).json()["items"]
    assert likely["other"]["id"] == gone
    assert [(await ask.get(f"/customers/{one}")).json()["id"] for one in (kept, gone, third)] == [kept, gone, third]
    assert (await ask.post("/merges/mrg_none/undo")).status_code == 404


async def test_of_two_who_merge_at_once_one_is_told_so(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        one, other = await people.add_many(conn, [{"name": "Maria"}, {"name": "Maria"}], clock.now())

    async def merge(kept: str, gone: str) -> str:
        try:
            async with database.write() as conn:
                await merging.merge(conn, kept, gone, merging.Promised(), by="tok", now=clock.now())
                await asyncio.sleep(0)
        except Exception as problem:
            return str(problem)
        return "merged"

    outcomes = sorted(await asyncio.gather(merge(one, other), merge(other, one), merge(one, other)))
    assert outcomes[-1] == "merged"
    assert all(outcome.startswith("409") for outcome in outcomes[:-1]), outcomes
    async with database.read() as conn:
        into = list(await conn.scalars(select(customers.c.merged_into).where(customers.c.merged_into.is_not(None))))
    assert len(into) == 1


def test_a_reason_that_both_promises_had_stays_when_they_are_told_apart() -> None:
    mine, theirs = "the bill\nbefore noon", "the router\nthe bill"
    together_ = f"{mine}\n{new_lines(mine, theirs)}"
    assert together_ == "the bill\nbefore noon\nthe router"
    assert without(together_, joining._came(theirs, joining._ours(mine, theirs))) == mine


async def test_of_two_promises_the_earlier_stays_and_the_later_comes_back(
    database: Database, clock: VirtualClock
) -> None:
    client = asking(database, clock, others=Others(promised=merging.Promised(joining.settle, joining.unsettle)))
    maria, again, ugo = [(await client.made("/customers", {"name": "Maria"}))["id"] for _ in range(3)]
    now = clock.now()
    async with database.write() as conn:
        for customer_id, hours, reason in ((maria, 3, "the bill"), (again, 2, "the router"), (ugo, 1, "x")):
            await conn.execute(insert(callbacks).values(promise(customer_id, now + timedelta(hours=hours), reason)))
    merged = (await client.post(f"/customers/{maria}/merge", {"other": again})).json()

    async def promises() -> dict[str, tuple[str, str, str]]:
        async with database.read() as conn:
            rows = await conn.execute(select(callbacks).where(callbacks.c.id != f"cb_{ugo}"))
            return {row.id.removeprefix("cb_"): (row.customer_id, row.state, row.reason) for row in rows}

    both = "the router\nthe bill"
    assert await promises() == {maria: (maria, "merged", "the bill"), again: (maria, "promised", both)}
    await client.post(f"/merges/{merged['id']}/undo")
    assert await promises() == {maria: (maria, "promised", "the bill"), again: (again, "promised", "the router")}

    merged = (await client.post(f"/customers/{maria}/merge", {"other": again})).json()
    await clock.advance(4 * 3600)
    await client.post(f"/merges/{merged['id']}/undo")
    assert (await promises())[maria] == (maria, "merged", "the bill")  # its time has passed
    await client.close()


def promise(customer_id: str, at: datetime, reason: str) -> dict[str, Any]:
    return {
        "id": f"cb_{customer_id}",
        "customer_id": customer_id,
        "number": "+390612345678",
        "promised_at": at,
        "due_at": at,
        "zone": "Europe/Rome",
        "window_seconds": 300,
        "kind": "scheduled",
        "reason": reason,
        "state": "promised",
        "made_at": at,
    }


async def test_what_was_written_to_the_record_that_went_at_that_moment_follows(
    ask: Asking, two: tuple[str, str]
) -> None:
    kept, gone = two
    merged = (await ask.post(f"/customers/{kept}/merge", {"other": gone})).json()
    async with ask.database.write() as conn:
        talk = {"channel": "voice", "started_at": NOW, "talk_seconds": 1, "outcome": "solved", "agent_id": None}
        await history.record(conn, customer_id=gone, **talk)
    assert not await Tidying(ask.database, ask.clock).turn()
    async with ask.database.read() as conn:
        assert await conn.scalar(select(interactions.c.customer_id)) == kept
    await ask.post(f"/merges/{merged['id']}/undo")
    async with ask.database.read() as conn:
        assert await conn.scalar(select(interactions.c.customer_id)) == gone


async def test_a_number_that_one_had_given_up_and_the_other_has_is_theirs(ask: Asking, two: tuple[str, str]) -> None:
    kept, gone = two
    await ask.post(f"/customers/{kept}/numbers/given-up", {"number": "0612345678"})
    merged = (await ask.post(f"/customers/{kept}/merge", {"other": gone})).json()
    assert set((await ask.get(f"/customers/{kept}")).json()["phones"]) == {"+390612345678", "+390912345678"}
    await ask.post(f"/merges/{merged['id']}/undo")
    shown = (await ask.get(f"/customers/{kept}")).json()
    assert (shown["phones"], shown["former_phones"]) == ([], ["+390612345678"])
    async with ask.database.read() as conn:
        theirs = customer_phones.c.customer_id == gone
        assert list(await conn.scalars(select(customer_phones.c.number).where(theirs).order_by("position"))) == [
            "+390912345678",
            "+390612345678",
        ]


@pytest.mark.parametrize("first", [0, 1])
async def test_whoever_was_told_apart_and_erased_has_left_nothing_with_the_other(ask: Asking, first: int) -> None:
    """In whichever order, with an edit between; and what a third could have given they give then."""
    b = {"name": "B", "notes": "zanzibar segreto di B", "title": "dott", "tags": ["zanzibar", "x"], "style": "zanzibar"}
    c = {"name": "C", "notes": "nota di C", "title": "ing", "tags": ["x"], "life_notes": "vita di C"}
    people_ = [{"name": "A", "notes": "nota di A"}, b, c]
    kept, *others = [(await ask.made("/customers", one))["id"] for one in people_]
    done = [(await ask.post(f"/customers/{kept}/merge", {"other": other})).json()["id"] for other in others]
    notes = (await ask.get(f"/customers/{kept}")).json()["notes"]
    assert notes == "nota di A\n\nzanzibar segreto di B\n\nnota di C"
    await ask("PATCH", f"/customers/{kept}", {"notes": f"prima\n{notes}\n\nnuova"})
    if first == 0:
        await ask.post(f"/merges/{done[0]}/undo")
        shown = (await ask.get(f"/customers/{kept}")).json()
        assert (shown["title"], shown["tags"], shown["style"]) == ("ing", ["x"], None)
    await ask.post(f"/merges/{done[1]}/undo")
    await ask.post(f"/merges/{done[0]}/undo")
    assert (await ask("DELETE", f"/customers/{others[0]}")).status_code == 204
    shown = (await ask.get(f"/customers/{kept}")).json()
    assert shown["notes"] == "prima\nnota di A\n\nnuova"
    assert (shown["title"], shown["tags"], shown["style"], shown["life_notes"]) == (None, [], None, None)
    async with ask.database.read() as conn:
        for table in (customers, merging.merges):
            assert "zanzibar" not in repr((await conn.execute(select(table))).all())
