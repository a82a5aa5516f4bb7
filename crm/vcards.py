"""vCards: people as address books know them, read from versions 2.1, 3.0 and 4.0 and written as 4.0 (RFC 6350).

A file comes from anywhere: what is read of a card is bounded before a parser sees it, and pictures or keys that are
packed into one are left out, for only their addresses are kept.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

from crm.csvfile import UnusableFile
from crm.intake import BadCell
from crm.schemas import Customer
from crm.vcard_lines import ContentLine, content_lines, parts_of, text_of

LONGEST_LINE = 1024 * 1024  # bytes: somebody's picture on one line
LARGEST_CARD = 128 * 1024  # bytes, without what is packed into it
MOST_PROPERTIES = 500
LONGEST_ID = 200
LONGEST_REASON = 200
KNOWN_AS = "X-CENTRALINO-ID"  # what a card of ours is known by again, whatever an address book does to its UID
_REASON = "X-CENTRALINO-REASON"
_BEGIN, _END = re.compile(r"begin\s*:\s*vcard\s*", re.I), re.compile(r"end\s*:\s*vcard\s*", re.I)
_PROPERTY = re.compile(r"[A-Za-z0-9.\-]+[:;]")
_PACKED = re.compile(r"([a-z0-9\-]+\.)?(photo|logo|sound|key)[:;]", re.I)
_ADDRESS_OF = re.compile(r"[^:]*:(https?://\S+)\s*", re.I)
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_REASON_LINE = re.compile(rf"{_REASON}:card (\d+): (.*)")


class CardFile:
    """Opened by `with`; `cards` reads on.  What is counted are cards, not lines."""

    header: Sequence[str] = ()
    delimiter = ""
    unit = "card"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unknown_columns: list[str] = []
        self.size_bytes = 0
        self.position_bytes = 0
        self.next_line = 1

    def __enter__(self) -> CardFile:
        """Raises UnusableFile."""
        try:
            self._file = BufferedReader(self.path.open("rb", buffering=0))
            self.size_bytes = self.path.stat().st_size
        except OSError as error:
            raise UnusableFile(error.strerror or str(error)) from None
        start = self._file.peek(LARGEST_CARD)[:LARGEST_CARD].removeprefix(codecs.BOM_UTF8).lstrip()
        if start and not _BEGIN.match(start.decode("utf-8", "replace")):
            self._file.close()
            raise UnusableFile("it does not begin with a vCard (BEGIN:VCARD)")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def cards(self) -> Iterator[tuple[int, str, str | None]]:
        """Number, text, and what is wrong with it as a whole."""
        card, inside = _Card(), False
        for line in self._lines():
            if _BEGIN.fullmatch(line):
                if inside or card.lines:
                    yield self._ended(card, "it does not end before the next one begins" if inside else _STRAY)
                card, inside = _Card(), True
            if inside or line.strip():
                card.add(line)
            if inside and _END.fullmatch(line):
                yield self._ended(card, None)
                card, inside = _Card(), False
        if card.lines:
            yield self._ended(card, "it does not end" if inside else _STRAY)

    def _ended(self, card: _Card, wrong: str | None) -> tuple[int, str, str | None]:
        number = self.next_line
        self.next_line += 1
        return number, "\n".join(card.lines) + "\n", wrong or card.wrong

    def _lines(self) -> Iterator[str]:
        """Without their ends; of one that is too long the rest is passed over."""
        first = True
        while line := self._file.readline(LONGEST_LINE):
            self.position_bytes += len(line)
            whole = line
            while not whole.endswith(b"\n") and (whole := self._file.readline(LONGEST_LINE)):
                self.position_bytes += len(whole)
            text = (line.removeprefix(codecs.BOM_UTF8) if first else line).decode("utf-8", "surrogateescape")
            first = False
            yield from text.rstrip("\r\n").split("\r")


_STRAY = "what stands here is no vCard"


class _Card:
    """The lines of a card that are worth keeping."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.wrong: str | None = None
        self._bytes = self._properties = 0
        self._packed = False

    def add(self, line: str) -> None:
        if self._packed and not _PROPERTY.match(line):
            return  # more of a picture
        self._packed = bool(_PACKED.match(line)) and not _ADDRESS_OF.fullmatch(line)
        self._bytes += 0 if self._packed else len(line)
        self._properties += 1
        if self._bytes > LARGEST_CARD:
            self.wrong = f"it is larger than {LARGEST_CARD} bytes"
        elif self._properties > MOST_PROPERTIES:
            self.wrong = f"it has more than {MOST_PROPERTIES} lines"
        elif not self._packed:
            self.lines.append(line)


def read_card(text: str) -> dict[str, Any]:
    """The values of a customer that the card has, not yet checked.  Raises BadCell."""
    if _NOT_UTF_8.search(text):
        raise BadCell("not UTF-8")
    card: dict[str, list[ContentLine]] = {}
    try:
        for line in content_lines(text):
            card.setdefault(line.name, []).append(line)
    except (ValueError, LookupError) as error:
        raise BadCell(f"not readable as a vCard: {error}"[:LONGEST_REASON]) from None
    return _values(card)


def _values(card: Mapping[str, list[ContentLine]]) -> dict[str, Any]:
    family, given, _, prefix, *_ = [*(parts_of(_first(card, "N") or "", ";")), "", "", "", ""]
    name = text_of(_first(card, "FN") or "") or " ".join(part for part in (given, family) if part)
    numbers, addresses = _numbers(card)
    values: dict[str, Any] = {
        "name": name,
        "surname": family,
        "given": given,
        "title": prefix,
        "called": next(iter(parts_of(_first(card, "NICKNAME") or "", ",")), ""),
        "email": re.sub(r"^mailto:", "", text_of(_first(card, "EMAIL") or ""), flags=re.I),
        "notes": text_of(_first(card, "NOTE") or "").replace("\r\n", "\n"),
        "language": text_of(_first(card, "LANG") or ""),
        "time_zone": _zone(text_of(_first(card, "TZ") or "")),
        "photo_url": _web(_first(card, "PHOTO") or ""),
        "gender": {"F": "feminine", "M": "masculine"}.get((_first(card, "GENDER") or "")[:1].upper(), ""),
        "phones": numbers,
        "addresses": addresses,
        "tags": list(
            dict.fromkeys(tag for line in card.get("CATEGORIES", ()) for tag in parts_of(line.value, ",") if tag)
        ),
    }
    values = {field: value for field, value in values.items() if value}
    if not values.keys() & {"name", "phones", "email", "addresses"}:
        raise BadCell("nobody can be known by it: it has neither a name nor a number nor an address")
    return {"external_id": _known_as(card, values)} | values


def _first(card: Mapping[str, list[ContentLine]], name: str) -> str | None:
    """The value of the preferred one of these properties, else of the first."""
    lines = sorted(card.get(name, ()), key=_rank)
    return lines[0].value if lines else None


def _rank(line: ContentLine) -> int:
    """Version 4.0 ranks by PREF=1..100, the earlier ones by TYPE=PREF."""
    told = (line.params.get("PREF") or [""])[0]
    if told.isdecimal():
        return int(told[:3])
    return 1 if "PREF" in line.kinds else 101


def _numbers(card: Mapping[str, list[ContentLine]]) -> tuple[list[str], list[str]]:
    """Telephone numbers, and addresses where there is no number; a fax or a pager is nobody's voice."""
    numbers, addresses = list[str](), list[str]()
    for line in sorted(card.get("TEL", ()), key=_rank):
        kinds, value = line.kinds, text_of(line.value)
        if kinds & {"FAX", "PAGER"} and not kinds & {"VOICE", "CELL"}:
            continue
        (addresses if _address(value) else numbers).append(re.sub(r"^tel:([^;]*).*", r"\1", value, flags=re.I | re.S))
    for name in ("IMPP", "X-SIP"):
        for line in sorted(card.get(name, ()), key=_rank):
            value = text_of(line.value)
            if name == "X-SIP" and ":" not in value:
                value = f"sip:{value}"
            if _address(value):
                addresses.append(value)
    return list(dict.fromkeys(number for number in numbers if number)), list(dict.fromkeys(addresses))


def _address(value: str) -> bool:
    return value.lower().startswith(("sip:", "sips:", "client:"))


def _zone(value: str) -> str:
    """A distance from UTC is no zone: it does not know of summer."""
    return value if re.fullmatch(r"[A-Za-z_]+(/[A-Za-z0-9_+\-]+)+|UTC", value) else ""


def _web(value: str) -> str:
    return value.strip() if re.match(r"https?://", value.strip(), re.I) else ""


def _known_as(card: Mapping[str, list[ContentLine]], values: Mapping[str, Any]) -> str:
    """By its UID; a card without one is known by what identifies its person, so that a second time changes nothing."""
    ours = text_of(_first(card, KNOWN_AS) or "")
    if ours:
        return ours
    uid = re.sub(r"^urn:uuid:", "", text_of(_first(card, "UID") or ""), flags=re.I)
    if uid and len(uid) <= LONGEST_ID - len("vcard:"):
        return f"vcard:{uid}"
    who = [uid] if uid else [str(values.get(name, "")) for name in ("name", "phones", "email", "addresses")]
    return f"vcard:{hashlib.sha256(repr(who).encode()).hexdigest()[:32]}"


def write_card(customer: Customer) -> str:
    """Version 4.0, with what an address book has a place for; how we speak with them stays here."""
    lines = ["BEGIN:VCARD", "VERSION:4.0", f"UID:{_escaped(customer.id)}"]
    lines += [f"{KNOWN_AS}:{_escaped(customer.external_id or customer.id)}", f"FN:{_escaped(customer.name or '')}"]
    if customer.surname or customer.given or customer.title:
        parts = (customer.surname, customer.given, "", customer.title, "")
        lines.append("N:" + ";".join(_escaped(part or "") for part in parts))
    gender = {"feminine": "F", "masculine": "M"}.get(customer.gender or "")
    for name, value in (
        ("NICKNAME", customer.called and _escaped(customer.called)),
        ("GENDER", gender),
        ("LANG", customer.language),
        ("TZ", customer.time_zone),
        ("EMAIL", customer.email and _escaped(customer.email)),
        ("PHOTO;VALUE=uri", customer.photo_url),
        ("NOTE", customer.notes and _escaped(customer.notes)),
        ("CATEGORIES", ",".join(_escaped(tag) for tag in customer.tags)),
    ):
        if value:
            lines.append(f"{name}:{value}")
    lines += [f"TEL;VALUE=uri;PREF={n}:tel:{number}" for n, number in enumerate(customer.phones, 1)]
    lines += [f"IMPP;PREF={n}:{_UNSPEAKABLE.sub('', address)}" for n, address in enumerate(customer.addresses, 1)]
    lines += [f"REV:{customer.changed_at:%Y%m%dT%H%M%SZ}", "END:VCARD"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    clean = _UNSPEAKABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"[\\,;]", r"\\\g<0>", clean).replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets in a line, and no character cut in two (RFC 6350, section 3.2)."""
    parts, part, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            parts.append(part)
            part, size = "", 1  # for the blank before it
        part, size = part + character, size + octets
    return "\r\n ".join([*parts, part])


def mark_bad_card(text: str, number: int, reason: str) -> str:
    """The card with why it was not taken in a line that other programs look past."""
    begin, _, rest = text.partition("\n")
    return f"{begin}\n{_REASON}:card {number}: {' '.join(reason.split())}\n{rest}"


def reasons_of(text: str) -> list[tuple[int, str, Sequence[str]]]:
    """The bad cards of such a file: number, reason, the card as it was; one that is torn is left out."""
    found: list[tuple[int, str, Sequence[str]]] = []
    for card in re.findall(r"(?msi)^BEGIN:VCARD.*?^END:VCARD\s*\n", text):
        marked = _REASON_LINE.search(card)
        if marked:
            found.append((int(marked[1]), marked[2], (card.replace(marked[0] + "\n", "", 1),)))
    return found
