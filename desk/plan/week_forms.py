"""Opening hours as their form sends them, and what its buttons do.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from starlette.datastructures import FormData as Sent

from desk.plan import weeks
from desk.plan.weeks import Dates, Row, Times, Week

NO_DAY = "Please choose at least one day."
NO_TIME = "Please give both times, like 09:00 and 18:00."
NO_DATE = "Please give a first and a last day, in this order and at most a year apart."
OFFICE = Row((0, 1, 2, 3, 4), "09:00", "18:00")
FURTHER = ("09:00", "13:00")
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was filled in; `wrong` by row: r.0, h, x.1.  While anything is wrong the rows are no hours."""

    week: Week
    wrong: Mapping[str, str] = field(default_factory=dict)


def sheet_of(sent: Sent, today: date) -> Sheet:
    """The rows as they were filled in, changed by the button that was pressed."""
    wrong: dict[str, str] = {}
    rows: list[Row] = []
    while f"r.{len(rows)}.opens" in sent:
        rows.append(_row(sent, f"r.{len(rows)}", wrong))
    dates: list[Dates] = []
    while f"x.{len(dates)}.first" in sent:
        dates.append(_dates(sent, f"x.{len(dates)}", wrong, today))
    week = Week(tuple(rows), _holidays(sent, wrong), tuple(dates), sent.get("always") == "on")
    act, _, of = str(sent.get("do", "")).partition(":")
    n = int(of) if of.isascii() and of.isdigit() else None
    match act, n:
        case "row", None:
            week = replace(week, rows=(*week.rows, further(week)))
        case "row", int():
            week, wrong = replace(week, rows=week.rows[:n] + week.rows[n + 1 :]), _without(wrong, "r")
        case "date", None:
            tomorrow = today + timedelta(days=1)
            week = replace(week, dates=(*week.dates, Dates(tomorrow, tomorrow, False)))
        case "date", int():
            week, wrong = replace(week, dates=week.dates[:n] + week.dates[n + 1 :]), _without(wrong, "x")
        case _:
            pass
    return Sheet(week, {} if week.always else wrong)


def further(week: Week) -> Row:
    """What is begun with when more times are added: the days on which nobody is here yet."""
    if not week.rows:
        return OFFICE
    return Row(week.closed_days[:1] or (SATURDAY,), *FURTHER)


def shown(dates: Dates, today: date) -> tuple[date, date]:
    """First and last day as they stand in the form: of the years to come, where they are of every year."""
    if not dates.yearly:
        return dates.first, dates.last
    for year in range(today.year, today.year + 9):
        try:
            last = dates.last.replace(year=year + dates.last.year - dates.first.year)
            first = dates.first.replace(year=year)
        except ValueError:
            continue  # 29 February
        if last >= today:
            return first, last
    return dates.first, dates.last


def _row(sent: Sent, at: str, wrong: dict[str, str]) -> Row:
    days = tuple(n for n, day in enumerate(weeks.DAYS) if day in sent.getlist(f"{at}.days"))
    opens, closes = (str(sent.get(f"{at}.{name}", ""))[:5] for name in ("opens", "closes"))
    if not days:
        wrong[at] = NO_DAY
    elif not (weeks.is_clock(opens) and weeks.is_clock(closes)):
        wrong[at] = NO_TIME
    return Row(days, opens, closes)


def _holidays(sent: Sent, wrong: dict[str, str]) -> Times | None:
    match sent.get("holidays", "open"):
        case "own":
            return _times(sent, "h", wrong) if "h.opens" in sent else (FURTHER,)
        case "off":
            return ()
        case _:
            return None


def _times(sent: Sent, at: str, wrong: dict[str, str]) -> Times:
    pairs = zip(sent.getlist(f"{at}.opens"), sent.getlist(f"{at}.closes"), strict=False)
    times = tuple((str(opens)[:5], str(closes)[:5]) for opens, closes in pairs)
    if any(not weeks.is_clock(one) for pair in times for one in pair):
        wrong[at] = NO_TIME
    return times


def _dates(sent: Sent, at: str, wrong: dict[str, str], today: date) -> Dates:
    every_year = sent.get(f"{at}.yearly") == "on"
    times: Times = ()
    if sent.get(f"{at}.open") == "on":
        times = _times(sent, at, wrong) if f"{at}.opens" in sent else (FURTHER,)
    try:
        first = date.fromisoformat(str(sent.get(f"{at}.first", "")))
        last = date.fromisoformat(str(sent.get(f"{at}.last", "")) or first.isoformat())
        if last < first:
            raise ValueError("the last day lies before the first")
        first, last = weeks.yearly(first, last) if every_year else (first, last)
    except ValueError:
        wrong[at] = NO_DATE
        return Dates(today, today, every_year, times)
    return Dates(first, last, every_year, times)


def _without(wrong: Mapping[str, str], rows: str) -> dict[str, str]:
    """A row has gone, and the others' places with it: they are looked at once more when they are sent next."""
    return {place: what for place, what in wrong.items() if not place.startswith(f"{rows}.")}
