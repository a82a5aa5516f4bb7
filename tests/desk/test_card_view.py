"""What the API knows, as the card says it: sentences, order, and what a call's identity allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from desk.card import view
from desk.card.moments import for_a_call, for_asking_again, on_the_wall
from desk.card.notes import tags_in
from desk.card.timeline import shown
from desk.formats import Formats
from desk.words import words_in

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ENGLISH = words_in("en")
F = Formats(ENGLISH, "Europe/Rome", "IT")
NAMES = {"agt_1": "Anna Bianchi", "agt_2": "Bruno Verdi"}


def call(**more: Any) -> dict[str, Any]:
    return {"direction": "inbound", "identity": "number", "attestation": None, "forwarded_from": None} | more


def familiar(agent: str, times: int, *, chosen: bool = False, kinds: tuple[str, ...] = ()) -> dict[str, Any]:
    reasons = [{"kind": kind, "sentence": kind} for kind in kinds]
    last_at = "2026-02-28T10:00:00Z" if times else None
    return {"agent": agent, "times": times, "chosen": chosen, "last_at": last_at, "reasons": reasons}


def case(name: str, *, owner: str | None = None, state: str = "open") -> dict[str, Any]:
    fields = {"id": f"cas_{name}", "title": name, "topic": None, "owner": owner, "state": state, "reopened": 0}
    return fields | {"made_at": "2026-02-01T10:00:00Z"}


def test_a_number_alone_is_no_proof_and_a_code_is() -> None:
    by_number = view.identity(ENGLISH, call())
    assert (by_number.kind, by_number.may_prove) == ("warn", True)
    proved = view.identity(ENGLISH, call(identity="verified"))
    assert (proved.kind, proved.may_prove) == ("good", False)


def test_who_was_rung_by_us_is_not_asked_for_a_code() -> None:
    assert not view.identity(ENGLISH, call(direction="outbound")).may_prove


def test_a_number_that_may_be_forged_is_said_to_be() -> None:
    assert "forged" in (view.identity(ENGLISH, call(attestation="failed")).hint or "")
    assert "forwarded" in (view.identity(ENGLISH, call(forwarded_from="+39066")).hint or "")
    assert view.identity(ENGLISH, call(attestation="A")).hint is None


def test_what_two_share_is_told_to_the_one_of_them_who_looks() -> None:
    known = [familiar("agt_1", 4, chosen=True, kinds=("chosen", "confirmed")), familiar("agt_2", 1)]
    told = view.together(ENGLISH, F, known, "agt_1", NAMES)
    assert told.sentences[0] == "You are their person."
    assert told.sentences[1].startswith("You have talked 4 times, the last time on Sat")
    assert "by their own account" in told.sentences[2]
    assert told.others == ("Bruno Verdi has talked with them once.",)
    assert told.chosen


def test_a_stranger_hears_who_knows_them() -> None:
    told = view.together(ENGLISH, F, [familiar("agt_2", 3, chosen=True)], "agt_1", NAMES)
    assert told.sentences == ("You have not talked yet.",)
    assert told.others == ("Bruno Verdi is their person.",)


@pytest.mark.parametrize("kind", ["transferred", "repeated", "open", "unsolved", "broken_promise", "waited", "cut_off"])
def test_every_reason_of_weariness_has_its_words_in_italian(kind: str) -> None:
    for times in (1, 3):
        reason = {"kind": kind, "times": times, "topic": "lampada", "sentence": "as the API says it"}
        english, italian = view.weary_reason(ENGLISH, reason), view.weary_reason(words_in("it"), reason)
        assert english != italian
        assert "as the API says it" not in (english, italian)


def test_a_reason_that_is_new_to_us_is_told_as_the_api_tells_it() -> None:
    assert (
        view.weary_reason(ENGLISH, {"kind": "sneezed", "times": 1, "topic": None, "sentence": "Sneezed."}) == "Sneezed."
    )


def test_the_matter_of_the_call_comes_first_then_ones_own() -> None:
    cases = [case("a", owner="agt_2"), case("b", owner="agt_1"), case("c"), case("d", state="solved")]
    found = view.open_matters(ENGLISH, F, NOW, cases, "agt_1", NAMES, "cas_c")
    assert [one.title for one in found] == ["c", "b", "a"]
    assert [one.linked for one in found] == [True, False, False]
    assert found[2].owner == "Bruno Verdi"


def test_a_promise_past_its_window_is_late_and_says_what_puts_it_at_risk() -> None:
    one: dict[str, Any] = {
        "id": "cb_1",
        "due_at": "2026-03-03T08:00:00Z",
        "latest": "2026-03-03T08:05:00Z",
        "kind": "asap",
    }
    one |= {"channel": "call", "reason": None, "agent": "agt_1", "risk": "owner_away", "state": "promised"}
    told = view.promised(ENGLISH, F, NOW, one, "agt_1", NAMES)
    assert (told.late, told.mine, told.movable) == (True, True, True)
    assert told.what == "A call back"
    assert told.risk == "is away then"


def test_how_to_speak_to_somebody_is_said_in_the_order_it_is_needed() -> None:
    who = {"name": "Maria Rossi", "called": "Maria", "title": "dottoressa", "formal": True, "language": "it-IT"}
    assert view.addressed(ENGLISH, F, who) == ("call them Maria", "dottoressa", "formally", "Italian")


def test_a_time_is_read_on_the_clock_of_the_house() -> None:
    assert on_the_wall("2026-03-03T15:00", "Europe/Rome") == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    assert on_the_wall("2026-03-03T14:00:00Z", "Europe/Rome") == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    assert on_the_wall("soon", "Europe/Rome") is None


def test_times_are_looked_for_now_later_and_tomorrow_morning() -> None:
    now, later, tomorrow = for_a_call(NOW, "Europe/Rome")
    assert (now, later) == (NOW, datetime(2026, 3, 3, 11, 0, tzinfo=UTC))
    assert tomorrow == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def test_asking_again_keeps_the_hour_over_the_change_of_the_clocks() -> None:
    days = for_asking_again(datetime(2026, 3, 27, 9, 20, tzinfo=UTC), "Europe/Rome")
    assert [day.hour for day in days] == [8, 8, 8]  # ten o'clock in summer time


def test_tags_are_typed_with_commas_and_each_kept_once() -> None:
    assert tags_in(" lamp, , delivery,lamp") == ["lamp", "delivery"]


def test_a_step_of_a_case_is_not_said_twice() -> None:
    item = {"at": "2026-03-03T08:00:00Z", "kind": "case", "summary": "solved: The lamp", "state": "solved"}
    told = shown(ENGLISH, F, NOW, item | {"agent": "agt_1", "ref": "cas_1/2", "shared": False}, NAMES)
    assert (told.summary, told.state, told.agent) == ("The lamp", "solved", "Anna Bianchi")


@pytest.mark.parametrize(
    ("summary", "told"), [("promised: 2026-03-04T09:30:00+00:00", "tomorrow, 10:30"), ("promised: 2 lamps", "2 lamps")]
)
def test_a_promise_without_a_reason_is_told_by_its_time_as_people_say_it(summary: str, told: str) -> None:
    item = {"at": "2026-03-03T08:00:00Z", "kind": "promise", "summary": summary, "state": "promised"}
    assert shown(ENGLISH, F, NOW, item | {"agent": None, "ref": "cb_1", "shared": False}, NAMES).summary == told
