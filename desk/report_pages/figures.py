"""Which figures each report shows, how they are written, and what they mean in a sentence.  Pure.

Relationships lead.  How long a conversation takes is no figure here, and nobody is ranked: rows stand in the order of
their names or their days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from desk.formats import Formats
from desk.words import Words

Kind = Literal["share", "per_hundred", "seconds", "count", "times"]
GROUPS = ("day", "line", "team", "agent")
DASH = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """`path`: where it stands in the API's answer.  `better`: which way is good, if either is."""

    path: str
    label: str
    kind: Kind = "share"
    means: str = ""
    better: Literal["more", "less"] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`lead`: the figures shown large; `columns`: those of the table; `drawn`: the charts, each some figures by day."""

    name: str
    label: str
    api: str
    lead: Sequence[Figure]
    columns: Sequence[Figure]
    drawn: Sequence[tuple[str, Sequence[Figure]]]
    groups: Sequence[str] = GROUPS


FAMILIAR = Figure(
    "returning_reached_familiar",
    "Reached somebody who knows them",
    means="Of the calls by people who had talked with us before. A call that reached nobody is a miss.",
    better="more",
)
REPEATED = Figure(
    "had_to_repeat",
    "Had to repeat themselves",
    means="Of the talks that took a matter of the last seven days up again: with somebody new who had not been told.",
    better="less",
)
SOLVED = Figure(
    "solved_as_they_say",
    "Solved, by their own account",
    means="Of the customers who told us whether it is solved.",
    better="more",
)
FIRST = Figure(
    "solved_at_first_contact",
    "Solved at first contact",
    means="Of the talks that began a matter, where somebody said how they ended; and nobody had to contact us about it "
    "again within seven days.",
    better="more",
)
AGAIN = Figure("called_again_within_a_day", "Called again within a day", better="less")
TRANSFERS = Figure("transfers", "Transfers in a hundred talks", "per_hundred", better="less")
FOLLOW_UPS = Figure("follow_ups_done", "Follow-ups done", better="more")
KEPT = Figure(
    "punctuality",
    "Promises kept",
    means="Of those kept or broken: both people were talking within the window that was promised.",
    better="more",
)
LATE = Figure("late.median_seconds", "Usual lateness", "seconds", "Until the customer's telephone rang.", "less")
LATE_90 = Figure("late.p90_seconds", "Lateness of the latest tenth", "seconds", better="less")
MADE = Figure("made", "Promises made", "count")
OPEN = Figure("open", "Still open", "count")
MISSED = Figure("missed", "Their time passed", "count", "With nobody calling, however it went on.", "less")
AT_ONCE = Figure("reached_at_once", "Reached at once", means="By the first call, of those we reached.", better="more")
TOLD = Figure(
    "told",
    "Waited no longer than they were told",
    means="Of the callers whom we told how long it would take.",
    better="more",
)
CHOICE = Figure("choice_in_time", "Offered a way out in time", better="more")
ABANDONED = Figure(
    "abandonment",
    "Hung up while waiting",
    means="Those who took a call back or left a message did not; nor did those who rang off within five seconds.",
    better="less",
)
WAITED = Figure("waits.median_seconds", "Usual wait", "seconds", better="less")
WAITED_90 = Figure("waits.p90_seconds", "Wait of the longest tenth", "seconds", better="less")
CALLS = Figure("calls", "Calls", "count")
CALL_BACKS = Figure("outcomes.callback", "Took a call back", "count")
TALKING = Figure("talking.share", "Time in conversation", means="Of the time on shift, of all together.")
EVEN = Figure(
    "load.busiest_to_mean",
    "The busiest against the mean",
    "times",
    "Talking time on shift of the busiest tenth, over everybody's. 1.0 is even. Who they are is not told.",
    "less",
)
TALKS = Figure("load.talks", "Talks", "count")

REPORTS: Mapping[str, Report] = {
    "people": Report(
        "people",
        "People",
        "/reports/relationships",
        (FAMILIAR, REPEATED, SOLVED, FIRST),
        (CALLS, FAMILIAR, REPEATED, SOLVED, FIRST, AGAIN, TRANSFERS, FOLLOW_UPS),
        (("Reached somebody who knows them, had to repeat themselves", (FAMILIAR, REPEATED)), ("Calls", (CALLS,))),
    ),
    "promises": Report(
        "promises",
        "Promises",
        "/reports/promises",
        (KEPT, LATE, MISSED, AT_ONCE),
        (MADE, KEPT, OPEN, MISSED, LATE, LATE_90, AT_ONCE),
        (("Promises kept", (KEPT,)), ("Lateness", (LATE, LATE_90))),
    ),
    "waiting": Report(
        "waiting",
        "Waiting",
        "/reports/floor",
        (TOLD, WAITED, ABANDONED, CHOICE),
        (CALLS, TOLD, WAITED, WAITED_90, ABANDONED, CALL_BACKS, CHOICE),
        (("Waited no longer than told, hung up", (TOLD, ABANDONED)), ("Waits", (WAITED, WAITED_90))),
        ("day", "line", "team"),
    ),
    "load": Report(
        "load",
        "Load",
        "/reports/floor",
        (EVEN, TALKING, TALKS),
        (CALLS, TALKS, TALKING, EVEN),
        (("Calls", (CALLS, CALL_BACKS)),),
        ("team", "day"),
    ),
}


def value(figures: Mapping[str, Any], figure: Figure) -> float | None:
    """The figure's own number; null without data."""
    found: Any = figures
    for step in figure.path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("per_hundred" if figure.kind == "per_hundred" else "share")
    return None if found is None else float(found)


def counted(figures: Mapping[str, Any], figure: Figure) -> tuple[int, int] | None:
    """`count` and `of`, where the figure is a share of something."""
    found = figures.get(figure.path)
    return (found["count"], found["of"]) if isinstance(found, Mapping) and "of" in found else None


def undecided(figures: Mapping[str, Any], figure: Figure) -> int:
    """Of how many nobody can know it yet."""
    found = figures.get(figure.path)
    return found.get("undecided", 0) if isinstance(found, Mapping) else 0


def written(number: float | None, kind: Kind, f: Formats) -> str:
    if number is None:
        return DASH
    match kind:
        case "share":
            return f.percent(number, 1)
        case "seconds":
            return f.span(number)
        case "per_hundred":
            return f.number(number, 1)
        case "times":
            return f"{f.number(number, 2)} ×"
    return f.number(number)


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    told: str
    means: str
    count: str
    change: str
    good: bool | None  # is the change for the better?


def tile(figure: Figure, now: Mapping[str, Any], before: Mapping[str, Any], f: Formats) -> Tile:
    words = f.words
    number, earlier, both = value(now, figure), value(before, figure), counted(now, figure)
    count = words("%(count)s of %(of)s", count=f.number(both[0]), of=f.number(both[1])) if both and both[1] else ""
    if waiting := undecided(now, figure):
        told_of = words.count("%(num)s not known yet", "%(num)s not known yet", waiting)
        count = f"{count}, {told_of}" if count else told_of
    told = written(number, figure.kind, f)
    return Tile(words(figure.label), told, words(figure.means), count, *_change(figure, number, earlier, f))


def _change(figure: Figure, number: float | None, earlier: float | None, f: Formats) -> tuple[str, bool | None]:
    """Against the time before, in points for shares."""
    if number is None or earlier is None:
        return "", None
    apart = number - earlier
    if abs(apart) < (0.0005 if figure.kind == "share" else 0.05):
        return f.words("as before"), None
    sign = "+" if apart > 0 else "−"
    size = abs(apart)
    told = (
        f.words("%(points)s points", points=f.number(100 * size, 1))
        if figure.kind == "share"
        else written(size, figure.kind, f)
    )
    good = None if figure.better is None else (apart > 0) == (figure.better == "more")
    return f"{sign}{told}", good


def group_name(item: Mapping[str, Any], group: str, f: Formats) -> str:
    key, name = item["group"], item["name"]
    if group == "day" and key:
        return f.day(date.fromisoformat(key))
    if key is None:
        return {"team": f.words("no team"), "agent": f.words("nobody"), "line": f.words("no line")}.get(group, DASH)
    return name or (f.phone(key) if group == "line" else key)


def table(report: Report, items: Sequence[Mapping[str, Any]], group: str, f: Formats) -> dict[str, Any]:
    """A heading and rows of texts: days in order, everything else by name."""
    rows = [(group_name(item, group, f), item) for item in items]
    if group != "day":
        rows.sort(key=lambda row: (row[1]["group"] is None, row[0].casefold()))
    return {
        "head": [f.words(figure.label) for figure in report.columns],
        "rows": [(name, [written(value(item, c), c.kind, f) for c in report.columns]) for name, item in rows],
    }


def earlier(words: Words) -> dict[str, str]:
    """How often somebody had talked with us before, as the API says it and as it is read."""
    return {
        "1": words("one talk before"),
        "2-3": words("two or three"),
        "4-9": words("four to nine"),
        "10+": words("ten or more"),
    }


def bands(total: Mapping[str, Any], f: Formats) -> list[dict[str, Any]]:
    """Reached somebody who knows them, by how often they had talked with us before."""
    told = earlier(f.words)
    return [
        {
            "label": told[one["earlier"]],
            "share": one["share"],
            "told": f.percent(one["share"]),
            "count": f.words("%(count)s of %(of)s", count=f.number(one["count"]), of=f.number(one["of"])),
        }
        for one in total.get("by_earlier_talks", ())
    ]


def kinds(total: Mapping[str, Any], f: Formats) -> list[dict[str, Any]]:
    """Promises kept, by what they were."""
    told = {
        "asap": f.words("As soon as we can"),
        "scheduled": f.words("At a time of their choice"),
        "follow_up": f.words("To ask whether it is solved"),
        "voicemail": f.words("To answer a message"),
    }
    return [
        {
            "label": told[name],
            "share": kind["kept"]["share"],
            "told": f.percent(kind["kept"]["share"]),
            "count": f.words("%(count)s of %(of)s", count=kind["kept"]["count"], of=kind["kept"]["of"]),
        }
        for name, kind in total.get("by_kind", {}).items()
    ]


def outcomes(total: Mapping[str, Any], f: Formats) -> list[dict[str, Any]]:
    """How calls ended, as a share of all that did."""
    told = {
        "agent": f.words("talked with somebody"),
        "callback": f.words("took a call back"),
        "voicemail": f.words("left a message"),
        "abandoned": f.words("hung up"),
        "backup": f.words("reached the backup number"),
    }
    counts = total["outcomes"]
    ended = sum(counts.values())
    return [
        {"label": label, "share": share, "told": f.percent(share), "count": f.number(counts[name])}
        for name, label in told.items()
        for share in [counts[name] / ended if ended else None]
    ]


def bars(report: Report, total: Mapping[str, Any], f: Formats) -> tuple[str, list[dict[str, Any]]]:
    """What is told in bars beside the charts: a heading, and a row each; nothing for some reports."""
    match report.name:
        case "people":
            title = f.words("Reached somebody who knows them, by how often they had talked with us before")
            return title, bands(total, f)
        case "promises":
            return f.words("Kept, by what was promised"), kinds(total, f)
        case "waiting":
            return f.words("How calls ended"), outcomes(total, f)
    return "", []


def charts(report: Report, days: Sequence[Mapping[str, Any]], f: Formats) -> list[dict[str, Any]]:
    """For uPlot, by day: instants in seconds, and a series for each figure; beside it the same as a table."""
    instants = [int(datetime.fromisoformat(f"{item['group']}T12:00:00+00:00").timestamp()) for item in days]
    drawn = []
    for title, figures in report.drawn:
        series = [
            {"label": f.words(one.label), "kind": one.kind, "values": [value(item, one) for item in days]}
            for one in figures
        ]
        rows = [
            (group_name(item, "day", f), [written(value(item, one), one.kind, f) for one in figures]) for item in days
        ]
        data = {"x": instants, "series": series}
        drawn.append(
            {"title": f.words(title), "data": data, "head": [f.words(one.label) for one in figures], "rows": rows}
        )
    return drawn


def sheet(report: Report, items: Sequence[Mapping[str, Any]], group: str, f: Formats, words: Words) -> list[list[Any]]:
    """The table as plain numbers for a spreadsheet: shares as 0.0 to 1.0, spans in seconds, nothing for no data."""
    more = earlier(words) if report.name == "people" else {}
    head = [words(group.capitalize()), *(_column(figure, words) for figure in report.columns)]
    head += [f"{words(FAMILIAR.label)}: {label} (0–1)" for label in more.values()]
    rows = []
    for item in items:
        name = item["group"] if group == "day" else group_name(item, group, f)
        shares = {one["earlier"]: one["share"] for one in item.get("by_earlier_talks", ())}
        found = [*(value(item, column) for column in report.columns), *(shares.get(band) for band in more)]
        rows.append([name, *("" if n is None else _plain(n) for n in found)])
    return [head, *rows]


def _column(figure: Figure, words: Words) -> str:
    unit = {"seconds": " (s)", "share": " (0–1)"}.get(figure.kind, "")
    return f"{words(figure.label)}{unit}"


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number
