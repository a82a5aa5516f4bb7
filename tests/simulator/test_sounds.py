"""Samples, tones and their way over the wire."""

from __future__ import annotations

import io
import wave
from array import array

import pytest

from simulator.sounds import FRAME, RATE, SILENCE, compress, expand, mixed, share, tone, wave_samples


def written(samples: bytes, width: int, rate: int, channels: int = 1) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)
    return content.getvalue()


@pytest.mark.parametrize(
    ("sample", "code"),
    [(0, 0xFF), (3, 0xFF), (4, 0xFE), (-1, 0x7E), (1000, 0xCE), (-1000, 0x4E), (32767, 0x80), (-32768, 0x00)],
)
def test_samples_are_compressed_as_the_standard_says(sample: int, code: int) -> None:
    assert compress(array("h", [sample])) == bytes([code])


def test_every_code_comes_back_as_itself() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # minus nought is nought
    assert compress(expand(codes)) == codes


def test_what_was_compressed_is_nearly_what_it_was() -> None:
    loud = tone(440, samples=1000)
    assert max(abs(a - b) for a, b in zip(loud, expand(compress(loud)), strict=True)) < 300


def test_a_tone_is_told_from_another_and_from_silence() -> None:
    sound = tone(440, samples=1600)
    assert share(sound, 440) > 0.99
    assert share(sound, 880) < 0.01
    assert share(SILENCE, 440) == 0.0


def test_two_at_once_are_half_each_and_never_too_loud() -> None:
    both = mixed([tone(440, samples=1600), tone(880, samples=1600)])
    assert share(both, 440) == pytest.approx(0.5, abs=0.01)
    assert max(mixed([array("h", [30000]), array("h", [30000])])) == 32767


def test_the_frames_of_a_tone_join_without_a_click() -> None:
    assert tone(440, 0) + tone(440, FRAME) == tone(440, 0, 2 * FRAME)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (written(tone(440, samples=RATE).tobytes(), 2, RATE), 1.0),
        (written(bytes([128] * 16000), 1, 16000), 1.0),
        (written(tone(440, samples=RATE).tobytes(), 2, RATE, channels=2), 0.5),
    ],
)
def test_a_wav_file_sounds_as_long_as_it_is(content: bytes, seconds: float) -> None:
    samples = wave_samples(content)
    assert samples is not None
    assert len(samples) == seconds * RATE


def test_a_wav_file_keeps_its_tone_at_another_rate() -> None:
    quick = array("h", [sample for sample in tone(440, samples=RATE) for _ in range(2)])
    samples = wave_samples(written(quick.tobytes(), 2, 2 * RATE))
    assert samples is not None
    assert share(samples[:1600], 440) > 0.99


@pytest.mark.parametrize("content", [b"", b"RIFFxxxx", written(bytes(30), 3, RATE)])
def test_what_is_no_such_file_is_silent(content: bytes) -> None:
    assert wave_samples(content) is None
