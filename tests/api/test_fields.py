from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from api.fields import Body, Count, Language, QuietHours, Zone, canonical_language, parse_moment


class Letter(Body):
    text: str = ""
    pages: Count = 0
    stamps: dict[str, int] = Field(default={})
    lines: list[str] = Field(default=[])


@pytest.mark.parametrize(
    "given",
    [
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"lines": ["fine", "a\x00b"]},
        {"stamps": {"a\x00b": 1}},
        {"text": 7},
        {"pages": "7"},
        {"pages": 7.5},
        {"pages": True},
        {"pages": 2**31},
        {"pages": -1},
        {"unknown": 1},
    ],
)
def test_a_body_is_refused_rather_than_bent(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Letter.model_validate(given)
    assert caught.value.errors()[0]["loc"][0] == next(iter(given))


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert Letter.model_validate({"pages": 312.0}).pages == 312


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-02T10:00:00+01:00", datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, 0, tzinfo=UTC)),
        ("2026-03-02t10:00:00.25z", datetime(2026, 3, 2, 10, 0, 0, 250000, tzinfo=UTC)),
        ("2026-03-02 10:00:00-08:00", datetime(2026, 3, 2, 18, 0, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_by_its_offset(text: str, instant: datetime) -> None:
    assert parse_moment(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T10:00:00",
        "2026-03-02",
        "2026-02-30T10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "yesterday",
        "",
        "1767225600",
        1767225600,
        None,
    ],
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"instant|date"):
        parse_moment(text)


@given(st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.timezones()))
def test_an_instant_survives_being_written_and_read(moment: datetime) -> None:
    moment = moment.astimezone(UTC)
    assert parse_moment(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("it", "it"),
        ("IT-it", "it-IT"),
        ("en_gb", "en-GB"),
        ("ZH-HANT-tw", "zh-Hant-TW"),
        ("de-CH-1996", "de-CH-1996"),
        ("es-419", "es-419"),
        ("sl-ROZAJ-biske", "sl-rozaj-biske"),
    ],
)
def test_languages_are_written_one_way(written: str, canonical: str) -> None:
    assert canonical_language(written) == canonical
    assert TypeAdapter(Language).validate_python(written) == canonical


@pytest.mark.parametrize("tag", ["", "i", "italian", "it-", "it IT", "it-toolongpart", "1t"])
def test_what_is_no_language_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Language).validate_python(tag)


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/Argentina/Buenos_Aires", "UTC"])
def test_a_zone_of_the_iana_list_is_taken(zone: str) -> None:
    assert TypeAdapter(Zone).validate_python(zone) == zone


@pytest.mark.parametrize("zone", ["Rome", "europe/rome", "../etc/passwd", "", "localtime", "CEST+2"])
def test_another_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Zone).validate_python(zone)


@pytest.mark.parametrize(
    "hours", ["9:00-17:00", "21:00", "24:00-09:00", "21:60-09:00", "21:00-09:00\n", "21:00 - 09:00"]
)
def test_quiet_hours_are_written_one_way(hours: str) -> None:
    assert TypeAdapter(QuietHours).validate_python("21:00-09:00") == "21:00-09:00"
    with pytest.raises(ValidationError):
        TypeAdapter(QuietHours).validate_python(hours)
