"""`/events` under `/api/v1`: news of the live floor as server-sent events, resumable by `Last-Event-ID`."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.tokens import Asking, Guard
from desk.live import LiveFeed, News, event_stream
from routing.api import may_see


def events_router(feed: LiveFeed, guard: Guard) -> APIRouter:
    router = APIRouter(tags=["events"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])

    async def events(request: Request, asking: Asking) -> Response:
        """Each event carries the object as the API shows it; without `Last-Event-ID` only what is new.

        An agent's token hears of other agents as little as it may read of them.
        """

        def seen(news: News) -> bool:
            return news.type != "agent.changed" or may_see(asking, news.body["id"])

        return event_stream(feed, request, may_see=seen)

    router.add_api_route(
        "/events",
        events,
        methods=["GET"],
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}, "description": "An endless stream."}},
    )
    return router
