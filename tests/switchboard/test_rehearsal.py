"""What `centralino rehearse` prints is what the server says: here only that it plays, in whatever language."""

from __future__ import annotations

import pytest

from switchboard.logs import configure
from switchboard.rehearsal import MORNING, SITUATIONS, overheard, rehearse, somebody_new
from switchboard.settings import Settings

pytestmark = pytest.mark.anyio
HOUSE = Settings(_env_file=None, company_name="Officine Lume")


async def test_ten_situations_are_told_in_the_order_they_are_heard(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    await rehearse(HOUSE, "en")
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line[:1].isdigit()] == [
        f"{n}. {title}" for n, (title, _, _) in enumerate(SITUATIONS, 1)
    ]
    assert "0:00  Good morning, Maria." in told
    assert "Maria presses 4." in told
    assert "We open again tomorrow at 09:00." in told


async def test_somebody_new_is_spoken_to_in_the_language_asked_for() -> None:
    lines = await overheard(HOUSE, "de-DE", MORNING, somebody_new)
    moments = [line.at for line in lines]
    assert moments == sorted(moments)
    assert any("Guten Morgen, Giulia Neri" in line.text for line in lines if line.heard)
