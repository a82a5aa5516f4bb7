"""Whom callers get, and who of them goes first: the figures that weigh seconds against seconds.  Values."""

from __future__ import annotations

from desk.plan.kinds import Figure, Group, Switch


def _worth(name: str, label: str, sentence: str, high: float = 300, step: float = 5) -> Figure:
    return Figure(("worth", name), label, sentence, high=high, step=step)


def _urgency(name: str, label: str, sentence: str, high: float = 300) -> Figure:
    return Figure(("urgency", name), label, sentence, high=high)


WORTH = Group(
    "worth",
    "What is it worth to have a certain agent?",
    "In seconds of waiting: how much longer it is worth waiting for this agent rather than for a stranger.",
    (
        _worth(
            "preferred_seconds",
            "The agent they have chosen",
            "A caller waits up to {} longer for the agent they have chosen, rather than talk with a stranger.",
        ),
        _worth(
            "case_owner_seconds",
            "The agent who holds their open matter",
            "A caller waits up to {} longer for the agent who holds an open matter of theirs.",
        ),
        _worth(
            "familiar_seconds",
            "An agent who knows them",
            "A caller waits up to {} longer for an agent who knows them well; less for one who hardly does.",
        ),
        _worth(
            "stand_in_seconds",
            "The stand-in of an absent agent",
            "A caller waits up to {} longer for the stand-in of an absent agent of theirs.",
        ),
        _worth(
            "kept_seconds",
            "The agent who keeps them",
            "Somebody who was passed on too often waits up to {} longer for the agent who keeps them.",
            900,
            10,
        ),
        _worth(
            "skill_level_seconds",
            "More skill than is needed",
            "Each level of a skill beyond what is needed is worth {} of waiting.",
            30,
            1,
        ),
    ),
)
WAITING = Group(
    "waiting",
    "Waiting for somebody they know",
    "",
    (
        Figure(
            ("wait_unasked_seconds",),
            "Kept waiting without being asked",
            "If an agent they know is free within {}, a caller waits for them without being asked.",
            high=120,
        ),
        Figure(
            ("wait_unasked_chance",),
            "How likely that must be",
            "But only if the chance of it is at least {}.",
            "percent",
            high=100,
            alone=False,
        ),
        Figure(
            ("keep_after_transfers",),
            "Passed on so often",
            "Whoever has been passed on {} times keeps the agent they have then until the matter is solved (0: never).",
            "times",
            high=10,
            step=1,
        ),
        Figure(
            ("protect_promise_seconds",),
            "Agents with a promise to keep",
            "Keeping an agent free for a call they have promised is worth {} of other people's waiting.",
            high=900,
            step=10,
        ),
    ),
)
URGENCY = Group(
    "urgency",
    "Who goes first?",
    "Of those who wait, whoever has waited longest goes first. These count as if they had waited longer.",
    (
        _urgency(
            "repeated_seconds",
            "Third call about the same thing",
            "Whoever calls for the third time about the same thing goes ahead as if they had waited {} longer.",
        ),
        _urgency(
            "broken_promise_seconds",
            "A promise was broken",
            "Whoever was promised a call that was not made in time goes ahead as if they had waited {} longer.",
        ),
        _urgency(
            "transferred_seconds",
            "Passed on before",
            "Whoever was passed on goes ahead as if they had waited {} longer.",
        ),
        _urgency(
            "cut_off_seconds",
            "Cut off",
            "Whoever calls again after being cut off counts as if they had waited {} longer.",
        ),
        _urgency(
            "ending_promise_seconds",
            "A promised call is nearly too late",
            "A promised call goes ahead as if it had waited {} longer when its time is nearly over.",
            900,
        ),
        _urgency("extra_seconds", "Everybody", "Everybody goes ahead by {}; rules add to this for some of them.", 300),
    ),
)
LOAD = Group(
    "load",
    "How is the work shared?",
    "",
    (
        Figure(
            ("load", "spread_points"),
            "How far agents may be apart",
            "Until agents' busy time differs by {} points (of 100), it plays no part; beyond, the less busy go first.",
            "points",
            high=100,
            step=1,
        ),
        Switch(
            ("load", "spare_wanted"),
            "Keep those free who are often asked for",
            "Strangers go first to agents who are less asked for by name.",
            "Strangers go to whoever has been free longest, also if others are waiting for them by name.",
        ),
    ),
)
