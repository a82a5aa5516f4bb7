"""The one sound of the house: a soft ring, three seconds with its pause.  Never music."""

import io
import math
import struct
import wave
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse

RINGBACK = Path(__file__).parent / "static" / "ringback.wav"
_RATE = 8000


def ringback(hertz: float = 425.0, ring_seconds: float = 1.0, rest_seconds: float = 2.0) -> bytes:
    """A WAV of the European ringing tone at a fifth of full loudness, faded so that it does not click."""
    samples = bytearray()
    for i in range(int(_RATE * (ring_seconds + rest_seconds))):
        at = i / _RATE
        fade = max(min(at, ring_seconds - at) / 0.05, 0.0)
        samples += struct.pack("<h", int(6500 * min(fade, 1.0) * math.sin(2 * math.pi * hertz * at)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(bytes(samples))
    return file.getvalue()


async def play(request: Request) -> FileResponse:
    return FileResponse(RINGBACK, media_type="audio/wav", headers={"Cache-Control": "public, max-age=86400"})
