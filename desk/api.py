"""`/events` under `/api/v1`: news of the live floor as server-sent events, resumable by `Last-Event-ID`."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.tokens import Guard
from desk.live import LiveFeed, event_stream


def events_router(feed: LiveFeed, guard: Guard) -> APIRouter:
    router = APIRouter(tags=["events"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])

    async def events(request: Request) -> Response:
        """Each event carries the object as the API shows it; without `Last-Event-ID` only what is new."""
        return event_stream(feed, request)

    router.add_api_route(
        "/events",
        events,
        methods=["GET"],
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}, "description": "An endless stream."}},
    )
    return router
