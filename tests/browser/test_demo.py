"""What a newcomer does with `centralino demo`: rings as somebody, is known, talks, is called back."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import Opens
from tests.ports import free_port

pytestmark = pytest.mark.anyio

STOPS_WITHIN_SECONDS = 8
SLOW = 30_000  # milliseconds: greeting, ringing and talking take their time


@dataclass(frozen=True)
class Demo:
    url: str
    carrier_url: str
    home: Path

    async def promise(self, number: str, after: timedelta) -> None:
        """Through the API, since a caller is only offered times from five minutes on."""
        create = [sys.executable, "-m", "switchboard", "token", "create", "--name", "test", "--role", "service"]
        environment = os.environ | {"CENTRALINO_HOME": str(self.home / "demo")}
        token = subprocess.run(create, env=environment, check=True, capture_output=True, text=True).stdout.strip()
        async with httpx2.AsyncClient(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {token}"}
        ) as api:
            (customer,) = (await api.get("/customers", params={"phone": number})).json()["items"]
            due_at = (datetime.now(UTC) + after).isoformat()
            answer = await api.post("/callbacks", json={"customer": customer["id"], "due_at": due_at})
            assert answer.status_code in (200, 201), answer.text  # 200: there was one, which is moved


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The command itself, as a newcomer starts it; at the end it must stop cleanly and in time."""
    home = tmp_path_factory.mktemp("demo")
    port, carrier_port = free_port(), free_port()
    arguments = ["demo", "--no-browser", "--port", str(port), "--carrier-port", str(carrier_port)]
    command = [sys.executable, "-m", "switchboard", *arguments]
    environment = os.environ | {"CENTRALINO_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        printed = "".join(itertools.takewhile(lambda line: "Ctrl-C" not in line, process.stdout))
        try:
            assert f"http://127.0.0.1:{port}" in printed
            yield Demo(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{carrier_port}", home)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(STOPS_WITHIN_SECONDS) == 0
    complaints = [line for line in (home / "demo" / "demo.log").read_text().splitlines() if '"level": "error"' in line]
    assert complaints == []


def telephones(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Telephones]")


def telephone(page: Page, name: str) -> Locator:
    return telephones(page).get_by_role("article", name=name)


def captions(phone: Locator) -> Locator:
    return phone.get_by_role("log", name="Captions")


async def test_maria_is_greeted_by_name_and_talks_with_anna_who_knows_her(demo: Demo, open_page: Opens) -> None:
    async with open_page(demo.url) as page:
        await page.get_by_role("button", name="Open Anna Bianchi’s handset").click()
        anna = telephone(page, "Anna Bianchi")
        await expect(anna).to_contain_text("Ready")
        await page.get_by_role("button", name="Ring as Maria Rossi").click()
        maria = telephone(page, "Maria Rossi")
        await expect(captions(maria)).to_contain_text("Maria", timeout=SLOW)

        await anna.get_by_role("button", name="Answer").click(timeout=SLOW)
        await expect(captions(maria)).to_contain_text("You are talking with Anna Bianchi", timeout=SLOW)
        await maria.get_by_label("Say something").fill("Ho una domanda sulla lampada.")
        await maria.get_by_label("Say something").press("Enter")
        await expect(captions(anna)).to_contain_text("Ho una domanda sulla lampada.")
        await anna.get_by_label("Say something").fill("Eccomi, Maria.")
        await anna.get_by_label("Say something").press("Enter")
        await expect(captions(maria)).to_contain_text("Eccomi, Maria.")

        inside = page.get_by_role("article", name="Maria Rossi")
        await expect(inside).to_contain_text("Anna Bianchi’s telephone rings")
        await expect(inside).to_contain_text("Anna Bianchi is on the line")
        await maria.get_by_role("button", name="Hang up").click()
        await expect(inside).to_contain_text("They talked")


async def test_an_agent_whom_nobody_plays_answers_by_themselves_in_the_callers_language(
    demo: Demo, open_page: Opens
) -> None:
    async with open_page(demo.url) as page:
        await page.get_by_role("button", name="Ring as Katharina Vogel").click()
        katharina = telephone(page, "Katharina Vogel")
        await expect(captions(katharina)).to_contain_text("You are talking with Thomas Keller", timeout=SLOW)
        await expect(captions(katharina)).to_contain_text("hier ist Thomas", timeout=SLOW)
        await katharina.get_by_label("Say something").fill("Die Leuchte flackert.")
        await katharina.get_by_label("Say something").press("Enter")
        await expect(captions(katharina)).to_contain_text("Verstehe", timeout=SLOW)
        await katharina.get_by_role("button", name="Hang up").click()


async def test_a_handset_that_is_opened_while_it_rings_can_be_answered(demo: Demo, open_page: Opens) -> None:
    async with open_page(demo.url) as page:
        await page.get_by_role("button", name="Ring as Carlo Santoro").click()
        await expect(page.get_by_role("article", name="Carlo Santoro")).to_contain_text(
            "Sara Rinaldi’s telephone rings"
        )
        await page.get_by_role("button", name="Open Sara Rinaldi’s handset").click()
        await telephone(page, "Sara Rinaldi").get_by_role("button", name="Answer").click()
        await expect(captions(telephone(page, "Sara Rinaldi"))).to_contain_text("You are talking with Carlo Santoro")
        await telephone(page, "Sara Rinaldi").get_by_role("button", name="Hang up").click()


async def test_asking_to_be_called_back_is_confirmed_by_text_and_stands_among_the_promises(
    demo: Demo, open_page: Opens
) -> None:
    async with open_page(demo.url) as page:
        await page.get_by_role("button", name="Ring as Elena Ricci").click()
        elena = telephone(page, "Elena Ricci")
        await expect(captions(elena)).to_contain_text("Elena", timeout=SLOW)
        await elena.get_by_role("button", name="2", exact=True).click()
        await expect(captions(elena)).to_contain_text("prema 5", timeout=SLOW)
        await elena.get_by_role("button", name="5", exact=True).click()
        await expect(captions(elena)).to_contain_text("Text from Officine Lume", timeout=SLOW)
        promises = page.get_by_role("list", name="Promises")
        await expect(promises.get_by_role("listitem").filter(has_text="Elena Ricci")).to_contain_text("promised")


async def test_a_promised_call_back_comes(demo: Demo, open_page: Opens) -> None:
    async with open_page(f"{demo.carrier_url}/?phone=%2B442079460123") as page:
        james = page.get_by_role("article", name="James Whitfield")
        await expect(james).to_contain_text("Ready")
        await demo.promise("+442079460123", timedelta(seconds=10))
        await james.get_by_role("button", name="Answer").click(timeout=60_000)
        await expect(captions(james)).to_contain_text(re.compile("press (1|one)", re.IGNORECASE), timeout=SLOW)
        await james.get_by_role("button", name="1", exact=True).click()
        await expect(captions(james)).to_contain_text("You are talking with", timeout=SLOW)
        await james.get_by_role("button", name="Hang up").click()
