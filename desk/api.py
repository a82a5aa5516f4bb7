"""`/events` under `/api/v1`: news of the live floor as server-sent events, resumable by `Last-Event-ID`."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api import tokens_api
from api.tokens import Asking, Guard
from desk import sessions
from desk.live import LiveFeed, News, event_stream
from routing.api import may_see


def events_router(feed: LiveFeed, guard: Guard) -> APIRouter:
    router = APIRouter(tags=["events"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])

    async def events(request: Request, asking: Asking) -> Response:
        """Each event carries the object as the API shows it; without `Last-Event-ID` only what is new.

        An agent's token hears of other agents as little as it may read of them.
        """

        def seen(news: News) -> bool:
            if news.type in (sessions.ENDED, tokens_api.ENDED):  # whose, is nobody else's business
                return False
            return news.type != "agent.changed" or may_see(asking, news.body["id"])

        def ends(news: News) -> bool:
            return news.type == tokens_api.ENDED and news.body["id"] == asking.token_id

        return event_stream(feed, request, may_see=seen, ends=ends)

    router.add_api_route(
        "/events",
        events,
        methods=["GET"],
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}, "description": "An endless stream."}},
    )
    return router
