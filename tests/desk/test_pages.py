"""Pages: for whom, in which language, and what becomes of who may not."""

from __future__ import annotations

import pytest

from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(premises: Premises) -> None:
    answer = await premises.stranger().get("/account?saved=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Faccount%3Fsaved%3D1"


async def test_everybody_starts_where_they_work(premises: Premises) -> None:
    agent = await premises.browser("agent", agent_id=await premises.agent())
    assert (await agent.get("/")).headers["location"] == "/desk"
    assert (await (await premises.browser("manager")).get("/")).headers["location"] == "/console/floor"
    assert (await premises.stranger().get("/")).headers["location"] == "/sign-in"


async def test_nothing_is_done_that_another_sites_page_asked_for(premises: Premises) -> None:
    browser = await premises.browser()
    answer = await browser.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    elsewhere = {"Sec-Fetch-Site": "", "Origin": "https://elsewhere.example"}
    assert (await browser.post("/sign-out", headers=elsewhere)).status_code == 403


async def test_every_answer_says_what_a_browser_may_do_with_it(premises: Premises) -> None:
    answer = await premises.stranger().get("/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "microphone=(self)" in answer.headers["permissions-policy"]


async def test_a_file_asked_for_by_its_digest_is_kept_for_ever(premises: Premises) -> None:
    answer = await premises.stranger().get("/static/desk.css?v=1")
    assert "immutable" in answer.headers["cache-control"]
    assert (await premises.stranger().get("/static/desk.css")).headers["cache-control"] == "no-cache"


async def test_a_form_that_cannot_be_read_or_is_too_long_is_refused_and_nothing_breaks(premises: Premises) -> None:
    stranger = premises.stranger()
    headers = {"Content-Type": "multipart/form-data"}
    assert (await stranger.post("/sign-in", content=b"no boundary", headers=headers)).status_code == 400
    long = {"email": "x" * (3 * 1024 * 1024), "password": "y"}
    assert (await stranger.post("/sign-in", data=long)).status_code == 413
    many = {f"field-{n}": "x" for n in range(2000)}
    assert (await stranger.post("/sign-in", data=many)).status_code == 400
