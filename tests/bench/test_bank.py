"""The bank's calls: what is read, cleaned and inferred, on a handful of rows with every quirk of the file."""

from __future__ import annotations

import lzma
import math
import random
from pathlib import Path

import pytest

from bench import bank

HEAD = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time\t"
    "outcome\tser_start\tser_exit\tser_time\tserver"
)
NOON = 12 * 3600


def row(
    customer: int = 0,
    kind: str = "PS",
    day: str = "990101",
    entry: str = "12:00:00",
    menu: tuple[str, int] = ("12:00:10", 10),
    queue: tuple[str, str, int] = ("0:00:00", "0:00:00", 0),
    outcome: str = "AGENT",
    service: tuple[str, str, int] = ("12:00:10", "12:02:10", 120),
    server: str = "AGENT01",
) -> str:
    cells = ("AA0101", 1, customer, 0, kind, day, entry, *menu, *queue, outcome, *service, server)
    return "\t".join(str(cell) for cell in cells)


def only(line: str) -> bank.BankCall:
    (call,) = bank.clean([HEAD, line])[0]
    return call


NOT_SERVED = ("0:00:00", "0:00:00", 0)


def test_a_served_call_joins_when_the_menu_ends() -> None:
    call = only(row(customer=104504))
    assert (call.at, call.customer, call.served, call.service) == (NOON + 10, "104504", True, 120)
    assert call.agent == "AGENT01"


def test_who_is_not_identified_is_nobody() -> None:
    assert only(row(customer=0)).customer is None


def test_phantoms_and_those_who_never_queued_are_dropped_and_counted() -> None:
    phantom = row(outcome="PHANTOM", service=NOT_SERVED, server="NO_SERVER")
    in_menu = row(outcome="HANG", service=NOT_SERVED, server="NO_SERVER")
    calls, notes = bank.clean([HEAD, phantom, in_menu])
    assert calls == []
    assert notes == {"phantom, dropped": 1, "hung up before joining the queue, dropped": 1}


def test_a_negative_stay_in_the_menu_does_not_move_the_queue() -> None:
    queued = row(entry="12:01:00", menu=("12:00:20", -40), queue=("12:00:20", "12:01:30", 70))
    assert only(queued).at == NOON + 20
    at_once = row(entry="12:01:00", menu=("12:00:20", -40))
    assert only(at_once).at == NOON + 60


def test_a_call_past_midnight_goes_on_into_the_next_day() -> None:
    late = row(
        entry="23:59:40",
        menu=("23:59:50", 10),
        queue=("23:59:50", "0:00:30", 40),
        service=("0:00:30", "0:02:30", 120),
    )
    call = only(late)
    assert (call.at, call.began) == (bank.DAY - 10, bank.DAY + 30)
    assert bank.shifts([call]) == {"AGENT01": [(bank.DAY + 30, bank.DAY + 150)]}


def test_days_count_from_the_first_of_the_file_whatever_the_order() -> None:
    calls, _ = bank.clean([HEAD, row(day="990203"), row(day="990131")])
    assert [call.at for call in calls] == [NOON + 10, 3 * bank.DAY + NOON + 10]


def test_served_by_nobody_named_binds_no_agent() -> None:
    call = only(row(server="NO_SERVER"))
    assert call.served
    assert call.agent is None


def test_a_talk_never_closed_gets_the_usual_length_and_no_agent() -> None:
    lines = [HEAD, row(), row(service=("12:00:10", "23:00:10", 39_600)), row(service=("12:00:10", "11:59:10", -60))]
    calls, notes = bank.clean(lines)
    assert [(call.service, call.agent) for call in calls] == [(120, "AGENT01"), (120, None), (120, None)]
    assert sum(notes.values()) == 2


def test_agents_are_there_between_talks_but_not_across_a_long_silence() -> None:
    lines = [
        HEAD,
        row(service=("9:00:00", "9:05:00", 300)),
        row(service=("9:40:00", "9:45:00", 300)),
        row(service=("11:00:00", "11:05:00", 300)),
    ]
    hour = 3600
    assert bank.shifts(bank.clean(lines)[0]) == {
        "AGENT01": [(9 * hour, 9 * hour + 2700), (11 * hour, 11 * hour + 300)],
    }


def test_a_type_is_served_by_those_who_did_so_often_enough() -> None:
    often = [row(kind="PS") for _ in range(300)]
    once = [row(kind="PS", server="AGENT02")] + [row(kind="NE", server="AGENT02") for _ in range(20)]
    hang = row(kind="TT", outcome="HANG", queue=("12:00:10", "12:00:40", 30), service=NOT_SERVED, server="NO_SERVER")
    able = bank.skills(bank.clean([HEAD, *often, *once, hang])[0])
    assert able == {"AGENT01": {"PS", "TT"}, "AGENT02": {"NE", "TT"}}  # nobody served TT: everybody may


def test_patience_beyond_what_was_borne_follows_those_who_gave_up() -> None:
    gave_up = [
        row(outcome="HANG", queue=("12:00:10", "12:01:50", 100), service=NOT_SERVED, server="NO_SERVER")
        for _ in range(50)
    ]
    served = [row(queue=("12:00:10", "12:03:30", 200)) for _ in range(50)]
    patience = bank.Patience(bank.clean([HEAD, *gave_up, *served])[0])
    chance = random.Random(5)
    from_start = [patience.beyond(0, chance) for _ in range(2000)]
    assert sum(100 <= drawn < 101 for drawn in from_start) / 2000 == pytest.approx(0.5, abs=0.04)
    later = [patience.beyond(150, chance) for _ in range(2000)]
    assert min(later) > 150
    assert sum(later) / 2000 - 150 == pytest.approx(1 / patience.rate, rel=0.1)


def test_nobody_gave_up_so_nobody_will() -> None:
    assert bank.Patience([only(row())]).beyond(0, random.Random(1)) == math.inf


def test_a_packed_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    text = "\n".join([HEAD, row(customer=7), row(entry="13:00:00", menu=("13:00:10", 10))]) + "\n"
    plain, packed = tmp_path / "month.tsv", tmp_path / "month.tsv.xz"
    plain.write_text(text)
    packed.write_bytes(lzma.compress(text.encode()))
    assert bank.read(plain) == bank.read(packed)


def test_columns_go_by_name_and_a_missing_one_is_named() -> None:
    names = HEAD.split("\t")
    turned = ["\t".join(reversed(line.split("\t"))) for line in (HEAD, row(customer=7))]
    assert bank.clean(turned)[0] == [only(row(customer=7))]
    assert names[-1] == "server"
    with pytest.raises(bank.UnreadableCalls, match=r"line 2: KeyError\('outcome'\)"):
        bank.clean([HEAD.replace("outcome", "result"), row()])
