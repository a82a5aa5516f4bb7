"""What callers are promised, and what is not promised against abuse.  Values."""

from __future__ import annotations

from desk.plan.kinds import Figure, Group


def _service(name: str, label: str, sentence: str, unit: str = "seconds", **more: float) -> Figure:
    return Figure(("service", name), label, sentence, unit, **more)  # type: ignore[arg-type]


CHOICE = Group(
    "choice",
    "What callers are promised",
    "Spoken to callers, kept to, and measured in the reports.",
    (
        _service(
            "choice_after_seconds",
            "A choice instead of waiting",
            "After {} at the latest a caller hears their choice: wait, be called back, leave a message.",
            high=60,
            step=1,
        ),
        _service(
            "callback_window_seconds",
            "In time",
            "A call back is in time if the two talk within {} of what was promised.",
            low=60,
            high=1800,
            step=30,
        ),
        _service(
            "callback_confidence",
            "Promised only if it can be kept",
            "A time is offered only if it will be kept with a chance of at least {}.",
            "percent",
            low=50,
            high=99.9,
            step=0.1,
        ),
        _service(
            "owner_wait_seconds",
            "Who makes the promised call",
            "A promised call waits {} for the agent who promised it; then whoever is free makes it.",
            high=600,
        ),
        _service(
            "remind_minutes",
            "A text beforehand",
            "A text goes out {} before a call that was promised half a day ahead (0: none).",
            "minutes",
            high=240,
        ),
        Figure(
            ("callback_attempts",),
            "Nobody answers",
            "A call back that nobody answers is tried {} times in all.",
            "times",
            low=1,
            high=10,
            step=1,
        ),
        Figure(
            ("callback_retry_minutes",),
            "Until the next attempt",
            "From one attempt to the next, {} pass.",
            "minutes",
            low=1,
            high=240,
            step=1,
        ),
    ),
)
LIMITS = Group(
    "limits",
    "Against abuse",
    "A call back makes a phone ring that need not be the caller's, and it costs money. "
    "Whoever is refused one can leave a message.",
    (
        Figure(
            ("limits", "promises_per_number_a_day"),
            "For one number",
            "One number is promised at most {} calls within a day, unless a person took them.",
            "times",
            low=1,
            high=20,
            step=1,
        ),
        Figure(
            ("limits", "promises_a_minute"),
            "In the whole house",
            "At most {} calls are promised within a minute, by phone, text or link.",
            "times",
            low=1,
            high=600,
            step=1,
        ),
        Figure(
            ("limits", "spend_a_day"),
            "Cost of a day",
            "Once calls are estimated to have cost {} within a day, no more are made until the next.",
            "money",
            none="There is no limit.",
        ),
        Figure(
            ("limits", "spend_alarm_share"),
            "Alarm",
            "The alarm is raised at {} of the cost of a day.",
            "percent",
            low=1,
            high=100,
            step=1,
        ),
    ),
)
