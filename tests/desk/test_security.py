"""What no page of another site can do, and what no page of ours says of itself that it does not hold to."""

from __future__ import annotations

import re

import pytest
from starlette.datastructures import Headers
from starlette.routing import Mount, Route

from desk.pages import TEMPLATES
from desk.security import page_headers, same_origin
from tests.desk.browsing import HERE, Premises

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def page_routes(premises: Premises) -> list[Route]:
    """Of every section."""
    site = [route for route in premises.app.routes if isinstance(route, Mount) and route.path == ""]  # type: ignore[attr-defined]
    assert len(site) == 1
    routes = [route for route in site[0].routes if isinstance(route, Route)]
    assert len(routes) > 30
    return routes


def filled(route: Route) -> str:
    """An address of this route."""
    return re.sub(r"\{[^}]*\}", "x", re.sub(r"\{\w+:int\}", "1", route.path))


@one_database
async def test_no_other_sites_page_makes_a_browser_change_anything(premises: Premises) -> None:
    """Each route that takes more than reading, whoever is signed in."""
    manager = await premises.browser("manager")
    routes = [route for route in page_routes(premises) if route.path != "/{path:path}"]  # where there is nothing
    changing = [(route, method) for route in routes for method in (route.methods or set()) - {"GET", "HEAD"}]
    assert len(changing) > 15
    for route, method in changing:
        path = filled(route)
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
        ):
            answer = await manager.request(method, path, headers=headers)
            assert answer.status_code == 403, (path, method, headers)
            assert "another site" in answer.text, path


@one_database
async def test_who_is_not_signed_in_sees_no_page_but_those_to_sign_in(premises: Premises) -> None:
    stranger = premises.stranger()
    seen = set()
    for route in page_routes(premises):
        if "GET" not in (route.methods or ()):
            continue
        answer = await stranger.get(filled(route))
        assert answer.headers["x-frame-options"] == "DENY"
        if not (answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")):
            seen.add(route.path)
    assert seen == {"/sign-in", "/invite/{secret}", "/live", "/{path:path}"}


@one_database
async def test_an_agent_is_told_that_a_page_is_a_managers(premises: Premises) -> None:
    agent = await premises.browser("agent")
    console = [route for route in page_routes(premises) if route.path.startswith("/console/")]
    assert len(console) > 10
    for route in console:
        for method in (route.methods or set()) - {"HEAD"}:
            answer = await agent.request(method, filled(route))
            assert answer.status_code == 403, (route.path, method)


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),  # typed by hand
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://here", "host": "here"}, False),
        ({"origin": "http://here:8000", "host": "here:8000"}, True),
        ({"origin": "http://here", "host": "here:8000"}, False),
        ({"origin": "null", "host": "here"}, False),
        ({"host": "here"}, False),
    ],
)
def test_whose_page_it_was(headers: dict[str, str], ours: bool) -> None:
    assert same_origin(Headers(headers)) is ours


def _policy(**given: str) -> dict[str, str]:
    parts = page_headers(**given)["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def test_a_page_runs_our_own_scripts_and_keeps_the_microphone() -> None:
    policy = _policy()
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "microphone=(self)" in page_headers()["Permissions-Policy"]
    assert "camera=()" in page_headers()["Permissions-Policy"]
    assert _policy(signalling="ws://here:1")["connect-src"].endswith(" ws://here:1")


INLINE = re.compile(
    r"<script(?![^>]*(?:\bsrc=|type=.application/json))|\son\w+\s*=\s*[\"']|\sstyle\s*=|<style|hx-on|javascript:|hx-vals=.js:",
    re.IGNORECASE,
)


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    found = {path.name: INLINE.findall(path.read_text()) for path in TEMPLATES.rglob("*.html")}
    assert len(found) > 10
    assert {name: some for name, some in found.items() if some} == {}


def test_what_is_looked_for_would_be_found() -> None:
    for text in ("<script>x</script>", '<a onclick="x">', '<p style="x">', '<b hx-on:click="x">'):
        assert INLINE.search(text)
    assert not INLINE.search('<script src="/static/x.js" defer></script>')
