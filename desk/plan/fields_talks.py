"""Ringing, resting, what is said and asked, and how long things are kept.  Values."""

from __future__ import annotations

from desk.plan.kinds import Choice, Figure, Group, Switch


def _kept(name: str, label: str) -> Figure:
    return Figure(
        ("retention", name), label, "Deleted after {}.", "days", none="Kept until the person is erased.", alone=False
    )


RINGING = Group(
    "ringing",
    "Ringing and resting",
    "",
    (
        Figure(
            ("ring_seconds",), "Ringing", "An agent's phone rings {} before the next agent's.", low=5, high=120, step=1
        ),
        Figure(
            ("misses_until_away",),
            "Missed rings",
            "After {} missed rings in a row an agent is set away.",
            "times",
            low=1,
            high=10,
            step=1,
        ),
        Figure(("wrap_up_seconds",), "After a talk", "After a talk an agent has {} to themselves."),
        Figure(("breather_seconds",), "A breather", "After a talk with somebody weary of us they have {} more."),
        Choice(
            ("breather_from_level",),
            "Who counts as weary",
            (
                (1, "a little tired of us", "Whoever is even a little tired of us counts as weary."),
                (2, "tired of us", "Whoever is tired of us counts as weary."),
                (3, "very tired of us", "Only somebody who is very tired of us counts as weary."),
            ),
        ),
        Figure(
            ("talk_seconds",),
            "Length of a talk",
            "A talk is taken to last {} where there is no past to learn from.",
            low=30,
            high=1800,
            step=10,
        ),
    ),
)
SAID = Group(
    "said",
    "What is said and asked",
    "",
    (
        Switch(
            ("greet_by_name",),
            "Greet by name",
            "Whoever rings from a number in one person's record is greeted by name.",
            "No name is said before a code has proved who it is: a number can be forged.",
        ),
        Choice(
            ("ask_solved",),
            "Is it solved?",
            (
                (
                    "key",
                    "after the talk, by key",
                    "After a talk people are asked whether it is solved; they press a key.",
                ),
                ("text", "by text", "Whoever has hung up is asked by text whether it is solved."),
                ("both", "by key, or by text", "People are asked by key, and by text if they have hung up."),
                ("never", "never", "Nobody is asked whether it is solved."),
            ),
        ),
        Choice(
            ("recording",),
            "Recording",
            (
                ("never", "never", "No talk is recorded."),
                ("ask", "who says yes", "A person is asked once, and recorded only if they say yes."),
                ("always", "unless they say no", "It is said before the talk; whoever says no is served unrecorded."),
            ),
        ),
    ),
)
RETENTION = Group(
    "retention",
    "How long what is known of people is kept",
    "What goes, goes by itself. Bare figures stay for the reports.",
    (
        _kept("recordings_days", "Messages and recorded talks"),
        _kept("texts_days", "Texts in and out"),
        _kept("said_days", "What callers said before a talk, and numbers of strangers"),
        _kept("notes_days", "Notes and stories"),
        _kept("interactions_days", "Conversations, and who knows whom"),
        _kept("promises_days", "Promises that have ended"),
        _kept("audit_days", "Who read and changed what"),
        _kept("strangers_days", "Records nobody has had to do with"),
    ),
)
