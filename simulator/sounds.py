"""Sound as numbers: 8,000 samples a second of 16 bits, 20 ms at a time, and how it looks on the wire (G.711 mu-law).

Pure arithmetic: no clock, no network.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from collections.abc import Sequence
from typing import TypeAlias

Samples: TypeAlias = "array[int]"  # of typecode "h"

RATE = 8000
FRAME = 160  # samples in 20 ms
FRAME_SECONDS = FRAME / RATE
LOUDEST = 32767
TONE_LOUDNESS = 8000
BEEP_HZ = 880.0
RINGING_HZ, RINGING_SECONDS, RINGING_EVERY_SECONDS = 425.0, 1.0, 5.0  # what a caller hears in Italy
_BIAS, _CLIP = 0x84, 32635


def _expanded(code: int) -> int:
    """One mu-law byte as a sample (ITU-T G.711)."""
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + _BIAS) << ((code & 0x70) >> 4)
    return _BIAS - size if code & 0x80 else size - _BIAS


def _compressed(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    size = min(abs(sample), _CLIP) + _BIAS
    exponent = max(size.bit_length() - 8, 0)
    return ~(sign | (exponent << 4) | ((size >> (exponent + 3)) & 0x0F)) & 0xFF


# The lowest two bits do not show in mu-law.
_COMPRESSED = bytes(_compressed(s - 0x10000 if s > LOUDEST else s) for s in range(0, 0x10000, 4))
_EXPANDED = [_expanded(code) for code in range(256)]
SILENCE = array("h", bytes(2 * FRAME))


def compress(samples: Samples) -> bytes:
    return bytes([_COMPRESSED[(sample & 0xFFFF) >> 2] for sample in samples])


def expand(encoded: bytes) -> Samples:
    return array("h", [_EXPANDED[code] for code in encoded])


SILENCE_ENCODED = compress(SILENCE)


def mixed(voices: Sequence[Samples]) -> Samples:
    """Several at once, cut at the loudest that fits."""
    if len(voices) == 1:
        return voices[0]
    return array("h", [max(-LOUDEST, min(LOUDEST, sum(at))) for at in zip(*voices, strict=True)])


def tone(hz: float, start: int = 0, samples: int = FRAME) -> Samples:
    """`start`: how many samples came before, so that frames join without a click."""
    turn = 2 * math.pi * hz / RATE
    return array("h", [round(math.sin(turn * at) * TONE_LOUDNESS) for at in range(start, start + samples)])


def share(samples: Samples, hz: float) -> float:
    """How much of the sound is this tone: 1.0 is all of it, 0.0 none (Goertzel's filter); 0.0 for silence."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    return (last * last + before * before - turn * last * before) * 2 / (len(samples) * power)


def beep(seconds: float) -> Samples:
    return tone(BEEP_HZ, 0, round(seconds * RATE))


def ringing(seconds: float) -> Samples:
    """The tone that a caller hears while it rings elsewhere."""
    sound = array("h", bytes(2 * round(seconds * RATE)))
    once = tone(RINGING_HZ, 0, round(RINGING_SECONDS * RATE))
    for at in range(0, len(sound), round(RINGING_EVERY_SECONDS * RATE)):
        sound[at : at + len(once)] = once[: len(sound) - at]
    return sound


def wave_samples(content: bytes) -> Samples | None:
    """A WAV file of 8 or 16 bits as it sounds on the telephone, its first channel; None for anything else."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError):
        return None
    if width == 1:
        wide = array("h", [(byte - 128) * 256 for byte in raw])
    elif width == 2:
        wide = array("h", raw[: len(raw) // 2 * 2])
        if sys.byteorder == "big":
            wide.byteswap()
    else:
        return None
    first = wide[::channels]
    return array("h", [first[at * rate // RATE] for at in range(len(first) * RATE // rate)])
