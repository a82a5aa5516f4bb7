"""Somebody else's Twilio application: Starlette and Twilio's library, nothing of ours."""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

told: list[dict[str, str]] = []


async def voice(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    signed = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(os.environ["FOREIGN_TOKEN"]).validate(str(request.url), form, signed):
        return PlainTextResponse("no", 403)
    told.append(form | {"at": request.url.path})
    answer = VoiceResponse()
    if request.url.path == "/menu":
        answer.say(f"You pressed {form['Digits']}.")
    elif request.url.path == "/voice":
        answer.gather(num_digits=1, action="/menu").say("Press a key.")
    return Response(str(answer), media_type="text/xml")


app = Starlette(routes=[Route(path, voice, methods=["POST"]) for path in ("/voice", "/menu", "/status", "/news")])
