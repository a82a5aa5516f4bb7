"""When somebody wants to be called, in their own words or typed.  Pure.

Answers with the time on the wall; which instant that is, `callbacks/wall.py` knows.  No library reads what is said
rather than written (number words, `mezza`, `halb vier`, `moins le quart`), so the grammar is ours: a few patterns over
`marks.py`.  Rather nothing than something that was not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from ivr.introduction import refusal, without_polite
from ivr.marks import marks
from ivr.speech import Answer, speech, text_of, whole_answer, words_of

IsOpen = Callable[[datetime], bool]  # asked with a time on the wall
A_DAY = timedelta(days=1)
SCANNED_DAYS = 8  # as far as an hour without a day is looked for
DATES_AHEAD = timedelta(days=14)  # so far ahead "giovedì 3" may be the third instead of three o'clock
PARTS = {  # of a day, from hour to hour
    "morning": (6, 12),
    "am": (6, 12),
    "lunch": (12, 14),
    "afternoon": (13, 18),
    "pm": (12, 18),
    "evening": (17, 22),
}
LONGEST_WHILE_HOURS = 6  # "sei ore" may be from now, "quindici ore" is a time of the day
_SOLVED = frozenset(("risolto", "solved", "gelost", "resolu", "resuelto"))
NAMED_HOURS = {"noon": 12, "midnight": 0}


@dataclass(frozen=True, slots=True)
class When:
    """`until` None: at `start` to the minute, else any time from `start` till then.  Both on the wall, without a zone.

    `soon`: as soon as we can.
    """

    start: datetime
    until: datetime | None = None
    soon: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """What was found in one utterance, or in what it was corrected to."""

    day: date | None = None
    weekday: bool = False  # `day` is the next one of that name, and may be today
    hour: int | None = None
    minute: int = 0
    either: bool = False  # of the two hours a day that are called so
    part: str | None = None
    instant: datetime | None = None
    soon: bool = False

    @property
    def nothing(self) -> bool:
        return self == _Said()


def understand(said: str, language: str, now: datetime, is_open: IsOpen) -> When | None:
    """None for what we did not understand.  `now` on the wall of whoever speaks, without a zone; what could be two
    times is the next one at which `is_open`."""
    found = _Said()
    line = marks(said, language)
    for stretch in re.split(r"(?:^| )(?:instead|no)(?= |$)", line):
        found = _corrected(found, _read(stretch.strip(), now, language.split("-")[0]))
    if re.search(r"(?:^| )no$", line):
        return None  # "domani no"
    return _when(found, now, is_open)


def typed(digits: str, now: datetime, is_open: IsOpen) -> When | None:
    """`1530`, `930`, or only the hour; None for what is no time of the day."""
    if not digits.isdecimal() or not 2 <= len(digits) <= 4:
        return None
    hour, minute = (int(digits), 0) if len(digits) == 2 else (int(digits[:-2]), int(digits[-2:]))
    if hour > 23 or minute > 59:
        return None
    either = _either(hour) and len(digits) < 4  # four digits are the clock of twenty-four hours
    return _when(_Said(hour=hour, minute=minute, either=either), now, is_open)


def only_number(said: str, language: str) -> int | None:
    """The number that is all they said: somebody who says a key instead of pressing it."""
    found = re.fullmatch(r"n(\d+)", marks(said, language))
    return int(found[1]) if found else None


def agreed(said: str, language: str) -> bool | None:
    """Yes or no; None for anything else, and for what is neither: `na ja`, `why not?`."""
    whole = whole_answer(said, language)
    if whole is not Answer.ELSE:
        return {Answer.YES: True, Answer.NO: False}.get(whole)
    line = marks(said, language).split()
    if {"no", "not", "cannot"} & set(line):
        return False
    return True if "yes" in line else None


def solved(said: str, language: str) -> bool | None:
    """Yes or no to whether it is solved, where `no, thank you, it's solved` declines help and not the question."""
    words = words_of(said)
    refused = speech().refusals.at_start(words)
    if not speech().polite.at_start(words[refused:]):
        refused = refusal(words)  # `no está resuelto`
    left = without_polite(words[refused:]) if refused else ()
    declined = any(word.plain in _SOLVED for word in left) and whole_answer(text_of(left), language) is Answer.YES
    return True if declined else agreed(said, language)


def _corrected(before: _Said, after: _Said) -> _Said:
    """`domani alle dieci, anzi giovedì` keeps the hour."""
    if after.nothing or before.nothing:
        return before if after.nothing else after
    if after.soon or after.instant:
        return after
    day = after if after.day else before
    hour = after if after.hour is not None or after.part else before
    return replace(hour, day=day.day, weekday=day.weekday, instant=None, soon=False)


# From the marks to what was said

_N = r"n(\d{1,2})"
_PORTION = r"(n\d{1,2}|half|quarter|threequarters)"
_HOUR = r"(n\d{1,2}|noon|midnight)"
_AT = r"(?:at|between|past|to|the at|hour)"
_IN_HOURS = (
    rf"{_N} (?:hour|heure)(?: (?:and|y))? {_PORTION}(?: minute)?",
    rf"{_N} and (half) hour",
    rf"{_N} (?:hour|heure)()",
    r"()(half|quarter|threequarters) (?:hour|heure)",
    rf"(){_N} minute",
)
_DATES = (
    r"(?:the )?(?:n|o)(\d{1,2}) m(\d{1,2})",
    r"(?:the )?(\d{1,2})/(\d{1,2})",
)
_DATES_TURNED = r"m(\d{1,2}) (?:the )?(?:n|o)(\d{1,2})"
_DAY_OF_MONTH = (
    r"the n(\d{1,2})(?! (?:\?|heure|hour|oclock|y|minute|am|pm|morning|afternoon|evening|lunch))",
    r"(?:the )?o(\d{1,2})(?! \?)",
)
_EXACT, _ANCHORED = "exact", "anchored"  # a time wherever it stands, or only where something says so
# The first that is found counts; the second field says what its groups are.
_TIMES: tuple[tuple[str, str, str], ...] = (
    (r"c(\d{1,2}):(\d{2})", "hm", _EXACT),
    (r"k(\d{1,2}):(\d{2})", "hm", _ANCHORED),
    (rf"between (?:at )?{_N}(?: heure)? (?:y|and) (?:at )?n\d+", "h", _EXACT),
    (rf"{_PORTION}(?: minute)? past halfto {_N}", "m+half", _EXACT),
    (rf"{_PORTION}(?: minute)? to halfto {_N}", "m-half", _EXACT),
    (rf"halfto {_N}", "half", _EXACT),
    (rf"{_PORTION}(?: minute)? past {_HOUR}", "m+h", _EXACT),
    (rf"{_PORTION}(?: minute)? to {_HOUR}", "m-h", _EXACT),
    (rf"{_HOUR}(?: heure| oclock)? minus {_PORTION}", "h-m", _EXACT),
    (rf"{_HOUR}(?: heure| oclock)? (?:and|y) (half|quarter|threequarters)", "hm", _EXACT),
    (rf"{_N} (?:heure|oclock) (?:and |y )?{_N}(?: minute)?", "hm", _EXACT),
    (rf"{_HOUR} y {_N}(?: minute)?", "hm", _EXACT),
    (rf"{_N} (?:heure|oclock)", "h", _EXACT),
    (rf"threequarters {_N}", "three", _EXACT),
    (rf"quarter {_N}", "one", _EXACT),
    (rf"half {_N}", "hhalf", _EXACT),
    (rf"{_N} (?:oh )?{_N}", "hm", _ANCHORED),
    (r"(noon|midnight)", "h", _EXACT),
    (_N, "h", _ANCHORED),
)


def _read(line: str, now: datetime, code: str) -> _Said:
    if "ago" in line.split():
        return _Said()
    said, line = _span(line, now)
    if said is not None:
        return said
    day, weekday, line = _day(line, now.date(), code)
    if day is None and "day" in line.split():
        return _Said()  # a date that there is not
    part = next((mark for mark in line.split() if mark in PARTS), None)
    hour = _time(line)
    if hour is None:
        soon = day is None and part is None and "soon" in line.split()
        return _Said(day=day, weekday=weekday, part=part, soon=soon)
    minutes, named = hour
    h, minute = divmod(minutes % (24 * 60), 60)
    h, either = _of_part(h, part) if not named else (h, False)
    return _Said(day=day, weekday=weekday, hour=h, minute=minute, either=either, part=part)


def _span(line: str, now: datetime) -> tuple[_Said | None, str]:
    """`in half an hour`; and days from now, which become a day for the rest to be read with."""
    for pattern in _IN_HOURS:
        found = _find(rf"in {pattern}", line) or _find(rf"{pattern} later", line) or _nothing_else(pattern, line)
        if found:
            minutes = int(found[1] or 0) * 60 + _portion(found[2])
            at = now + timedelta(minutes=minutes, seconds=59)
            return _Said(instant=at.replace(second=0, microsecond=0)), ""
    for unit, days in (("days", 1), ("weeks", 7)):  # of which the rest of the line tells the hour
        found = _find(rf"in {_N} {unit}", line) or _find(rf"{_N} {unit} later", line)
        if found:
            line = _cut(line, found, f"d{int(found[1]) * days}")
    return None, line


def _nothing_else(pattern: str, line: str) -> re.Match[str] | None:
    """`un'ora` is a while, `dix heures` and `quince horas` are times of the day."""
    found = re.fullmatch(pattern, line)
    return None if found is None or "heure" in line or int(found[1] or 0) > LONGEST_WHILE_HOURS else found


def _day(line: str, today: date, code: str) -> tuple[date | None, bool, str]:
    """The day, whether it was only named by its weekday, and the line with `day` in its place."""
    line = _without_refused(line)
    for pattern in (*_DATES, _DATES_TURNED):
        if found := _find(pattern, line):
            numbers = int(found[1]), int(found[2])
            day = _date(*(numbers if pattern != _DATES_TURNED else numbers[::-1]), today)
            return day, False, re.sub(r"(?<!\S)day k20:\d\d", "day", _cut(line, found, "day"))
    week = today - timedelta(days=today.weekday()) + timedelta(days=7)
    if found := _find(r"w(\d)(?: ?)nextweek", line) or _find(r"nextweek (?:the )?w(\d)", line):
        return week + timedelta(days=int(found[1])), False, _cut(line, found, "day")
    if code in ("it", "es", "fr") and (found := _find(rf"w(\d) {_N}", line)):
        day = _date_of_month(int(found[2]), today)
        if day is not None and day.weekday() == int(found[1]) and day - today < DATES_AHEAD:
            return day, False, _cut(line, found, "day")
    if found := _find(r"next (?:the )?w(\d)", line) or _find(r"w(\d) next", line):
        return _weekday(int(found[1]), today + A_DAY), False, _cut(line, found, "day")
    for pattern in _DAY_OF_MONTH:
        if (found := _find(pattern, line)) and (day := _date_of_month(int(found[1]), today)):
            return day, False, _cut(line, found, "day")
    if found := _find(r"d(\d{1,3})", line):
        return today + timedelta(days=int(found[1])), False, _cut(line, found, "day")
    if found := _find(r"w(\d)", line):
        return _weekday(int(found[1]), today), True, _cut(line, found, "day")
    if found := _find(r"nextweek", line):
        return week, False, _cut(line, found, "day")
    return None, False, line


def _without_refused(line: str) -> str:
    """`domani non posso, giovedì`, `not tomorrow, Thursday`."""
    line = re.sub(r"(?<!\S)[dw]\d(?: \?){0,2} cannot(?!\S)", "", line)
    line = re.sub(r"(?<!\S)(?:not|cannot)(?: \?){0,2} (?:the )?[dw]\d(?!\S)", "", line)
    return re.sub(r"(?<!\S)[dw]\d(?: \?){0,2} not(?!\S)", "", line).strip()


def _time(line: str) -> tuple[int, bool] | None:
    """Minutes since midnight, and whether the word leaves no doubt which half of the day is meant."""
    for pattern, shape, kind in _TIMES:
        for found in re.finditer(rf"(?<!\S){pattern}(?!\S)", line):
            if kind == _ANCHORED and not _anchored(line, found):
                continue
            minutes = _minutes(shape, found)
            if minutes is not None:
                return minutes, bool({"noon", "midnight"} & set(found[0].split()))
    return None


def _anchored(line: str, found: re.Match[str]) -> bool:
    """A number alone is an hour only where something says so."""
    before, after = line[: found.start()].split(), line[found.end() :].split()
    if not before and after in ([], ["hour"]):
        return True
    if after and (after[0] in ("minute", "days", "weeks") or (after[0] == "hour" and before[-1:] != ["at"])):
        return False  # that many of something
    if before and re.fullmatch(rf"{_AT}|day", before[-1]):
        return True
    return bool(after) and (after[0] in PARTS or after[0] == "day")


def _minutes(shape: str, found: re.Match[str]) -> int | None:
    first, second = (*found.groups(), "n0")[:2]
    match shape:
        case "h" | "hm":
            return _clock(first, second)
        case "hhalf":
            return _clock(first, "half")
        case "half" | "one" | "three":
            taken = {"half": 30, "one": 45, "three": 15}[shape]
            return _less(_clock(first, "n0"), taken)
        case "h-m":
            return _less(_clock(first, "n0"), _portion(second))
        case "m-h":
            return _less(_clock(second, "n0"), _portion(first))
        case "m+h":
            return _clock(second, first)
        case _:
            sign = 1 if shape == "m+half" else -1
            return _less(_clock(second, "n0"), 30 - sign * _portion(first))


def _less(minutes: int | None, taken: int) -> int | None:
    return None if minutes is None else (minutes - taken) % (24 * 60)


def _clock(hour: str, minute: str | None) -> int | None:
    h, m = NAMED_HOURS[hour] if hour in NAMED_HOURS else int(hour.lstrip("n")), _portion(minute)
    return h % 24 * 60 + m if h <= 24 and m <= 59 else None


def _portion(said: str | None) -> int:
    if not said:
        return 0
    return {"half": 30, "quarter": 15, "threequarters": 45}.get(said) or int(said.lstrip("n"))


def _of_part(hour: int, part: str | None) -> tuple[int, bool]:
    """The hour of the day, and whether it may also be twelve hours later."""
    if part is None:
        return hour, _either(hour)
    later = hour + 12 if part != "am" and 1 <= hour < 12 and not (part == "morning" and hour > 4) else hour
    if part in ("am", "morning"):
        return (0 if part == "am" and hour == 12 else hour), False
    if part == "lunch":
        return (later if hour < 4 else hour), False
    return later, False


def _either(hour: int) -> bool:
    return 1 <= hour <= 11


def _find(pattern: str, line: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\S){pattern}(?!\S)", line)


def _cut(line: str, found: re.Match[str], mark: str) -> str:
    return f"{line[: found.start()]}{mark}{line[found.end() :]}"


def _weekday(weekday: int, start: date) -> date:
    return start + timedelta(days=(weekday - start.weekday()) % 7)


def _date(day: int, month: int, today: date) -> date | None:
    """The next such date; None when there is none within a year."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _date_of_month(day: int, today: date) -> date | None:
    """The next day that has this number; not every month has a 31st."""
    found = (_date(day, month, today) for month in range(1, 13))
    return min((one for one in found if one is not None), default=None)


# From what was said to the time on the wall


def _when(said: _Said, now: datetime, is_open: IsOpen) -> When | None:
    if said.soon:
        return When(now, soon=True)
    if said.instant is not None:
        return When(said.instant)
    if said.hour is None:
        return _stretch(said, now)
    hours = (said.hour, said.hour + 12) if said.either else (said.hour,)
    days = [said.day] if said.day else [now.date() + A_DAY * n for n in range(SCANNED_DAYS)]
    if said.weekday and said.day == now.date():
        days.append(now.date() + A_DAY * 7)
    walls = [datetime.combine(day, time(hour, said.minute)) for day in days for hour in hours]
    ahead = [wall for wall in walls if wall >= now]
    return When(next(_in_order(ahead, walls, is_open)))


def _in_order(ahead: list[datetime], walls: list[datetime], is_open: IsOpen) -> Iterator[datetime]:
    yield from (wall for wall in ahead if is_open(wall))
    yield from ahead
    yield from (wall for wall in walls if is_open(wall))
    yield from walls


def _stretch(said: _Said, now: datetime) -> When | None:
    if said.day is None and said.part is None:
        return None
    day, (start, end) = said.day or now.date(), PARTS[said.part] if said.part else (0, 24)
    midnight = datetime.combine(day, time())
    if said.day is None and midnight + timedelta(hours=end) <= now:
        midnight += A_DAY
    return When(midnight + timedelta(hours=start), midnight + timedelta(hours=end))
