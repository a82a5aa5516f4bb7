import io
import struct
import wave
from itertools import pairwise

from ivr.sounds import RINGBACK, ringback


def samples(sound: bytes) -> tuple[wave.Wave_read, list[int]]:
    file = wave.open(io.BytesIO(sound))  # noqa: SIM115
    frames = file.readframes(file.getnframes())
    return file, [value for (value,) in struct.iter_unpack("<h", frames)]


def test_the_file_that_is_served_is_the_ring_written_here() -> None:
    assert RINGBACK.read_bytes() == ringback()
    assert "ring" in RINGBACK.name


def test_the_ring_is_one_second_of_sound_and_two_of_rest() -> None:
    file, values = samples(ringback())
    assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
    assert len(values) == 3 * 8000
    assert any(values[4000:4100])
    assert not any(values[8000:])


def test_the_ring_is_soft_and_does_not_click() -> None:
    _, values = samples(ringback())
    assert max(abs(value) for value in values) <= 32767 / 5
    assert max(abs(later - earlier) for earlier, later in pairwise(values)) < 2400
    assert abs(values[1]) < 100
