"""`/live`: tells an open page which of its parts to look at again.  It carries topics, never what they hold.

Each part then asks for itself, and gets what its viewer may see.  Topics: `calls`, `agents`, `promises`, `decisions`,
`limits`, and `mine` for what concerns the viewer's own agent.  Whoever is signed out is told so, and hears no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from sse_starlette import EventSourceResponse
from starlette.responses import Response
from starlette.routing import Route

from desk.live import PING_SECONDS, LiveFeed, News, last_seen
from desk.pages import Asked, Pages
from desk.sessions import ENDED
from desk.viewer import Viewer

TOPICS = {
    "call.changed": "calls",
    "agent.changed": "agents",
    "callback.changed": "promises",
    "callback.soon": "promises",
    "decision.made": "decisions",
    "limit.near": "limits",
}
_OF_AGENTS = frozenset({"agents"})  # an agent hears when colleagues come and go, and of the rest what is their own


def topics_of(news: News, viewer: Viewer) -> set[str]:
    """What this viewer's page should look at again."""
    topic = TOPICS.get(news.type)
    if topic is None:
        return set()
    told = {topic} if viewer.manages or topic in _OF_AGENTS else set()
    return told | ({"mine"} if viewer.agent_id is not None and viewer.agent_id in _agents_in(news) else set())


def _agents_in(news: News) -> set[object]:
    body = news.body
    if news.type == "agent.changed":
        return {body["id"]}
    transfer = body.get("transfer") or {}
    return {body.get("agent"), transfer.get("agent"), transfer.get("by")}


def live_routes(pages: Pages, feed: LiveFeed) -> Sequence[Route]:
    async def live(asked: Asked) -> Response:
        """For who is not signed in, too: a stream that leads elsewhere would be asked for again and again."""
        return EventSourceResponse(_frames(feed, asked), ping=PING_SECONDS, headers={"Cache-Control": "no-store"})

    return [pages.open_route("/live", live)]


async def _frames(feed: LiveFeed, asked: Asked) -> AsyncIterator[dict[str, str]]:
    greeted = False
    async with aclosing(feed.batches(last_seen(asked.request))) as batches:
        async for reached, found in batches:
            # Asked again once the stream has begun: what ended just before that is not among its news.
            viewer = asked.viewer if greeted else await asked.pages.viewer(asked.request)
            if viewer is None or any(news.type == ENDED and news.body["id"] == viewer.session_id for news in found):
                yield {"event": "signed-out", "data": ""}
                return
            if not greeted:
                greeted = True
                yield {"id": str(reached), "event": "hello", "data": viewer.session_id}
            told = {topic for news in found for topic in topics_of(news, viewer)}
            for topic in sorted(told, key=lambda name: name != "mine"):
                yield {"id": str(reached), "event": topic, "data": str(reached)}
