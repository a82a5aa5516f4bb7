"""Cards as address books bring them, and as we write them."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest

from crm import vcards
from crm.csvfile import UnusableFile
from crm.imports import clean_customer
from crm.intake import BadCell
from crm.schemas import Customer
from crm.vcards import CardFile, mark_bad_card, read_card, reasons_of, write_card

OLD = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=
ller;J=C3=BCrgen;;Dr.
FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=FCrgen M=FCller
TEL;HOME:06 123456
TEL;CELL;PREF:0333 1234567
TEL;FAX:06 9999
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQ
AAAA

NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo
END:VCARD
"""
USUAL = """BEGIN:VCARD
VERSION:3.0
UID:urn:uuid:4fbe8971
FN:Maria Rossi
N:Rossi;Maria;x;Dott.ssa;
item1.TEL;type=CELL;type=pref:+39 333
  1234567
NICKNAME:Mimi,M
CATEGORIES:vip,press\\,radio
X-SIP:maria@office.example
PHOTO;VALUE=uri:https://example.com/a.jpg
NOTE:a\\nb\\\\n
TZ:+01:00
EMAIL;TYPE=INTERNET:m@example.org
GENDER:F;donna
END:VCARD
"""
NEW = """BEGIN:VCARD
VERSION:4.0
FN:Ugo
TEL;VALUE=uri;TYPE="voice,home";PREF=2:tel:+39061234567;ext=3
TEL;VALUE=uri;PREF=1:tel:+39061234568
IMPP:xmpp:ugo@example.org
IMPP:sip:ugo@office.example
EMAIL:mailto:u@example.org
TZ:Europe/Rome
LANG:it
PHOTO:data:image/jpeg;base64,AAAA
END:VCARD
"""


def cards(path: Path, content: str | bytes) -> list[tuple[int, str, str | None]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with CardFile(path) as file:
        return list(file.cards())


def test_cards_of_all_versions_are_read(tmp_path: Path) -> None:
    read = [read_card(text) for _, text, wrong in cards(tmp_path / "a.vcf", OLD + USUAL + NEW) if wrong is None]
    old, usual, new = ({name: value for name, value in one.items() if name != "external_id"} for one in read)
    assert old == {
        "name": "Jürgen Müller",
        "given": "Jürgen",
        "surname": "Müller",
        "title": "Dr.",
        "phones": ["0333 1234567", "06 123456"],
        "notes": "one\ntwo",
    }
    assert usual == {
        "name": "Maria Rossi",
        "given": "Maria",
        "surname": "Rossi",
        "title": "Dott.ssa",
        "called": "Mimi",
        "gender": "feminine",
        "phones": ["+39 333 1234567"],
        "addresses": ["sip:maria@office.example"],
        "email": "m@example.org",
        "photo_url": "https://example.com/a.jpg",
        "tags": ["vip", "press,radio"],
        "notes": "a\nb\\n",
    }
    assert new == {
        "name": "Ugo",
        "phones": ["+39061234568", "+39061234567"],
        "addresses": ["sip:ugo@office.example"],
        "email": "u@example.org",
        "time_zone": "Europe/Rome",
        "language": "it",
    }
    assert read[1]["external_id"] == "vcard:4fbe8971"
    assert (
        read_card(NEW)["external_id"] == read[2]["external_id"] != read_card(NEW.replace("Ugo", "Ada"))["external_id"]
    )


def test_a_bad_card_costs_itself_alone(tmp_path: Path) -> None:
    whole = USUAL.replace("BEGIN", "begin").replace("\n", "\r\n")
    torn, stray = "BEGIN:VCARD\nFN:torn\n", "hello\n"
    found = cards(tmp_path / "a.vcf", b"\xef\xbb\xbf" + (torn + whole + stray + whole + torn).encode())
    assert [(number, wrong) for number, _, wrong in found] == [
        (1, "it does not end before the next one begins"),
        (2, None),
        (3, "what stands here is no vCard"),
        (4, None),
        (5, "it does not end"),
    ]
    assert read_card(found[1][1]) == read_card(USUAL)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("BEGIN:VCARD\nFN:a\nno colon here\nEND:VCARD\n", "has no colon"),
        ("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=klingon:=41\nEND:VCARD\n", "klingon"),
        ("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:=FF\nEND:VCARD\n", "utf-8"),
        ("BEGIN:VCARD\nFN:J\udce9\nEND:VCARD\n", "not UTF-8"),
        ("BEGIN:VCARD\nVERSION:3.0\nNOTE:who?\nEND:VCARD\n", "nobody can be known by it"),
    ],
)
def test_a_card_that_cannot_be_read_says_why(card: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        read_card(card)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="does not begin with a vCard"):
        cards(tmp_path / "a.vcf", "external_id,name\n")
    assert cards(tmp_path / "a.vcf", "") == []


def test_what_would_fill_the_memory_is_left_out_or_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcards, "LONGEST_LINE", 1000)
    monkeypatch.setattr(vcards, "LARGEST_CARD", 5000)
    picture = "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 5000 + "\n" + f" {'B' * 70}\n" * 100
    large, long = f"NOTE:{'x' * 900}\n" * 6, "X-A:1\n" * (vcards.MOST_PROPERTIES + 1)
    content = "".join(USUAL.replace("NOTE", f"{more}NOTE", 1) for more in (picture, large, long))
    found = cards(tmp_path / "a.vcf", content)
    assert [wrong for _, _, wrong in found] == [
        None,
        "it is larger than 5000 bytes",
        f"it has more than {vcards.MOST_PROPERTIES} lines",
    ]
    assert read_card(found[0][1]) == read_card(USUAL)
    assert all(len(text) < 6000 for _, text, _ in found)


@pytest.mark.parametrize(
    "line", ['TEL;A="' * 9000, "TEL;" + "A=B;" * 15_000 + ":1", ";" * 60_000, "N:" + "\\;" * 30_000]
)
def test_no_card_keeps_us_busy(line: str) -> None:
    began = perf_counter()
    with suppress(BadCell):
        read_card(f"BEGIN:VCARD\nFN:a\n{line}\nEND:VCARD\n")
    assert perf_counter() - began < 2


def customer(**values: object) -> Customer:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    empty = dict.fromkeys(Customer.model_fields)
    lists = {name: [] for name in ("phones", "former_phones", "addresses", "stand_ins", "tags")}
    return Customer.model_validate(
        empty | lists | {"id": "cus_1", "formal": True, "made_at": at, "changed_at": at} | values
    )


AWKWARD = customer(
    external_id="C;1,\\",
    name="O’Neill; Zoë, «Müller» \\ 日本語" * 4,
    surname="O’Neill; M",
    given="Zoë,",
    called="Z,oe",
    title="Dr.; ",
    gender="feminine",
    email="z@example.org",
    language="it-IT",
    time_zone="Europe/Rome",
    photo_url="https://example.com/a;b,c",
    notes="=1+1\nTEL:+39000\r\nEND:VCARD\\n",
    phones=["+390612345678", "+393331234567"],
    addresses=["sip:a@b.example"],
    tags=["vip", "a,b"],
)


def test_a_card_of_ours_comes_back_as_it_was() -> None:
    card = write_card(AWKWARD)
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    assert card.count("END:VCARD\r\n") == card.count("\nTEL;") - 1 == 1
    back = clean_customer(read_card(card.replace("\r\n", "\n")), "IT")
    expected = {name: getattr(AWKWARD, name) for name in back}
    assert back == expected | {"title": "Dr.;", "notes": "=1+1\nTEL:+39000\nEND:VCARD\\n"}
    assert len(back) == 15


def test_a_bad_card_is_kept_with_the_reason_in_it(tmp_path: Path) -> None:
    text = "".join(mark_bad_card(one, n, "no\nreason") for n, one in ((1, USUAL), (7, NEW)))
    assert reasons_of(text + "BEGIN:VCARD\nX-CENTRALINO-REASON:card 9: torn\nFN:") == [
        (1, "no reason", (USUAL,)),
        (7, "no reason", (NEW,)),
    ]
    again = [read_card(card) for _, card, wrong in cards(tmp_path / "a.vcf", text) if wrong is None]
    assert again == [read_card(USUAL), read_card(NEW)]
