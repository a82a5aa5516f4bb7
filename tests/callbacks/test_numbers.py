"""Which numbers are promised a call: by kind, whichever country they belong to, by every door of the API."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from carrier.tables import account_numbers
from tests.api.asking import Asking
from tests.callbacks.conftest import Ground

pytestmark = pytest.mark.anyio
FILE = Path(__file__).parent.parent / "data" / "phone_numbers.csv"
COSTLY = {"premiumRate", "sharedCost", "personalNumber", "pager"}
OURS = "+390699990000"
NEAR = [row for row in csv.DictReader(FILE.read_text().splitlines()) if row["region"] in ("IT", "DE", "GB", "FR")]
REFUSED = (
    *(row["e164"] for row in NEAR if row["type"] in COSTLY),
    *("899 123456", "199 123456", "166 123456", "4141", "12345", "112", "1 1 2", "118", "+39112", "0039112"),
    *("+870773123456", "+88213412345", "+8816 1234 5678", "+883510012345"),
    *(
        "",
        " ",
        "nobody",
        "anonymous",
        "+266696687",
        "+",
        "+39",
        "+999123456789",
        "9" * 30,
        "client:anna",
        "06 1234 int. 5",
    ),
    *(OURS, "06 9999 0000", "0039 06 99990000"),
)
TAKEN = [row["e164"] for row in NEAR if row["type"] in ("fixedLine", "mobile", "voip")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_number_that_costs_or_is_nobodys_is_refused_by_field(ask: Asking, ground: Ground) -> None:
    """When a promise is made, when it is moved, and when it is the customer's own; ordinary ones are taken."""
    await ground.agents("anna")
    maria = ground.ids["Maria"]
    async with ground.database.write() as conn:
        await conn.execute(account_numbers.insert().values(number=OURS, seen_at=ground.clock.now()))
    promise = await ask.made("/callbacks", {"customer": maria})
    for number in REFUSED:
        for answer in (
            await ask.post("/callbacks", {"customer": maria, "number": number}),
            await ask("PATCH", f"/callbacks/{promise['id']}", {"number": number}),
        ):
            assert (answer.status_code, answer.json()["field"]) == (422, "number"), number
    assert (await ask.get(f"/callbacks/{promise['id']}")).json() == promise
    for number in TAKEN:
        answer = await ask.post("/callbacks", {"customer": maria, "number": number})
        assert (answer.status_code, answer.json()["number"]) == (200, number)
    costly = await ground.customer("Ugo", "+39899123456")
    answer = await ask.post("/callbacks", {"customer": costly})
    assert (answer.status_code, answer.json()["field"]) == (422, "number")
