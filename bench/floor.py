"""The floor: a bare Starlette route that answers the body it is given, whatever comes."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BODY = os.environ["FLOOR_BODY"]


async def answer(request: Request) -> Response:
    await request.body()
    return Response(BODY, media_type="text/xml")


app = Starlette(routes=[Route("/twilio/voice", answer, methods=["POST"])])
