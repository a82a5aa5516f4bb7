"""The managers' rules as a value.  Every figure that weighs one thing against another is seconds of waiting.  Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints, field_validator, model_validator

from api.fields import WHOLE, Language, Word
from routing.conditions import Condition, Part, bounded, readable_hours

Seconds = Annotated[int, Field(ge=0, le=7200)]
Chance = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[int, WHOLE]
Days = Annotated[int, Field(ge=1, le=36_500), WHOLE]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=600)]
MOST_LINES, MOST_RULES, MOST_STEPS = 1000, 100, 20


class Widening(Part):
    """From this much waiting on, whom else a caller may be given to."""

    after_seconds: Seconds = Field(description="of this caller's waiting")
    lower_skills_by: int = Field(
        0, ge=0, le=100, description="so many levels less of each needed skill will do, though never less than 1"
    )
    any_language: bool = Field(False, description="an agent who does not speak the caller's language will do")
    any_team: bool = Field(False, description="an agent of another team than the line's will do")


class Wider(NamedTuple):
    """What the steps that are behind a caller allow, taken together."""

    lower_skills_by: int = 0
    any_language: bool = False
    any_team: bool = False


class Line(Part):
    """What holds for callers of one of our numbers; a field left out means: as for every line."""

    name: str | None = Field(None, description="what this line is called in reports")
    hours: str | None = Field(None, description="when this line is open, as opening-hours text")
    language: Language | None = Field(None, description="spoken to callers whose own language is not known")
    agent_language: Language | None = Field(
        None, description="an agent must speak this, whatever the caller speaks; left out: the caller's language"
    )
    skills: dict[str, Level] = Field(default_factory=dict, description="skill -> lowest level that will do")
    teams: list[Word] = Field(default_factory=list, max_length=100, description="agents of these teams; none: of any")

    _hours = field_validator("hours")(readable_hours)


class Worth(Part):
    """How many seconds of waiting it is worth to have this agent rather than a stranger."""

    preferred_seconds: Seconds = Field(120, description="for the agent the caller has chosen")
    case_owner_seconds: Seconds = Field(90, description="for the agent who holds an open matter of theirs")
    familiar_seconds: Seconds = Field(60, description="for an agent who knows them as well as can be; less for less")
    stand_in_seconds: Seconds = Field(30, description="for the stand-in of an absent preferred agent or owner")
    kept_seconds: Seconds = Field(
        600, description="for the agent who keeps them, once they were transferred too often (`keep_after_transfers`)"
    )
    skill_level_seconds: Seconds = Field(2, description="for each level of a needed skill above what will do")
    agents: dict[Word, Seconds] = Field(
        default_factory=dict, max_length=100, description="agent id -> for this agent, whoever calls"
    )


class Urgency(Part):
    """How many seconds of waiting a caller is ahead of one with an ordinary matter."""

    repeated_seconds: Seconds = Field(60, description="calls for at least the third time about the same")
    broken_promise_seconds: Seconds = Field(120, description="was promised a call that was not made in time")
    transferred_seconds: Seconds = Field(60, description="has been transferred before")
    cut_off_seconds: Seconds = Field(120, description="calls again after being cut off")
    ending_promise_seconds: Seconds = Field(600, description="was promised a call, and its time is nearly over")
    extra_seconds: Seconds = Field(0, description="for everybody; meant for rules, which add to it")


class Load(Part):
    """How evenly the work is shared out."""

    spread_points: int = Field(
        20,
        ge=0,
        le=100,
        description="points by which agents' occupancies may drift apart before the less busy go first",
    )
    spare_wanted: bool = Field(True, description="strangers go first to those who are less asked for by name")


class Service(Part):
    """What is promised to callers: spoken, kept to, and measured in the reports."""

    choice_after_seconds: int = Field(
        20, ge=0, le=60, description="a choice is offered after at most this much waiting"
    )
    callback_window_seconds: int = Field(
        300, ge=60, le=3600, description="a call back is kept if both are connected this long after its time"
    )
    callback_confidence: float = Field(
        0.9,
        ge=0.5,
        le=0.999,
        description="a time for a call back is offered only if it is kept with at least this chance",
    )
    owner_wait_seconds: int = Field(
        45, ge=0, le=3600, description="so long past its time a call back waits for the agent it was promised with"
    )
    remind_minutes: int = Field(
        60, ge=0, le=1440, description="a text so long before a call back promised half a day ahead; 0: none"
    )
    call_hours: str = Field(
        "08:00-21:00", description="when people are rung by our own choice, by the clock on their wall"
    )

    _call_hours = field_validator("call_hours")(readable_hours)


class Limits(Part):
    """Against abuse: a call back makes a telephone ring that need not be the caller's, and costs money."""

    promises_per_number_a_day: int = Field(
        3, ge=1, le=1000, description="asked for by phone, text or link, and not accepted by a person when they came"
    )
    promises_a_minute: int = Field(60, ge=1, le=100_000, description="made by phone, text or link, in the whole house")
    countries: list[Word] = Field(
        default_factory=list, max_length=250, description="regions that are called back (ISO 3166); none: every region"
    )
    spend_a_day: float | None = Field(
        None,
        ge=0,
        le=10_000_000,
        description="estimated cost of calls to telephones, at which no more are made that day",
    )
    spend_alarm_share: float = Field(0.5, gt=0, le=1, description="of `spend_a_day`, at which an alarm is raised")
    price_per_minute: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=lambda: {"": 0.05},
        max_length=500,
        description="beginning of a number (+39) -> price of a minute begun; the longest that fits counts",
    )


class Retention(Part):
    """Days after which what is kept of people is deleted; null: when the person is erased.  Bare figures stay."""

    recordings_days: Days | None = Field(365, description="messages and talks that were recorded, also at the carrier")
    texts_days: Days | None = Field(730, description="texts in and out")
    said_days: Days | None = Field(
        365, description="what callers said before a talk, and numbers of who is no customer"
    )
    notes_days: Days | None = Field(None, description="notes and stories")
    interactions_days: Days | None = Field(None, description="conversations, and the familiarity that comes of them")
    promises_days: Days | None = Field(730, description="promises that have ended, with their reasons and numbers")
    audit_days: Days | None = Field(1095, description="who read and changed what")
    strangers_days: Days | None = Field(
        365, description="records without any conversation, case, promise or external id since"
    )


class WorthThen(Part):
    """The figures of `worth` that a rule changes; what is left out stays."""

    preferred_seconds: Seconds | None = Field(None, description="as in `worth`")
    case_owner_seconds: Seconds | None = Field(None, description="as in `worth`")
    familiar_seconds: Seconds | None = Field(None, description="as in `worth`")
    stand_in_seconds: Seconds | None = Field(None, description="as in `worth`")
    kept_seconds: Seconds | None = Field(None, description="as in `worth`")
    skill_level_seconds: Seconds | None = Field(None, description="as in `worth`")


class Then(Part):
    """What a rule changes for this call; what is left out stays."""

    worth: WorthThen | None = Field(None, description="these figures in place of the plan's")
    urgency_seconds: Seconds | None = Field(None, description="seconds further ahead; of several rules: the sum")
    wait_unasked_seconds: Seconds | None = Field(None, description="in place of the plan's")
    wait_unasked_chance: Chance | None = Field(None, description="in place of the plan's")
    ring_seconds: int | None = Field(None, ge=5, le=120, description="in place of the plan's")
    skills: dict[Word, Annotated[int, Field(ge=1, le=100), WHOLE]] | None = Field(
        None, max_length=50, description="needed besides the line's; of two levels the higher"
    )
    teams: list[Word] | None = Field(None, max_length=100, description="in place of the line's; []: of any")
    language: Language | None = Field(None, description="an agent must speak this, whatever the caller speaks")
    widen: list[Widening] | None = Field(None, max_length=MOST_STEPS, description="in place of the plan's")
    agent: Word | None = Field(None, description="id of an agent whom these callers had better have")
    agent_seconds: Seconds = Field(120, description="how many seconds of waiting that agent is worth")


class Rule(Part):
    name: Word = Field(description="stands in the reasons of each call to which the rule applied")
    when: Condition = Field(description="what must hold for the rule to apply")
    then: Then = Field(description="what is different then")
    last: bool = Field(False, description="where this rule applies, those behind it do not")

    _bounded = field_validator("when", mode="before")(bounded)


class Plan(Part):
    """The plan that is there without anybody having written one is `Plan()`."""

    hours: str = Field("Mo-Fr 09:00-18:00; PH off", description="when the house is open, as opening-hours text")
    lines: dict[str, Line] = Field(
        default_factory=dict, max_length=MOST_LINES, description="our number in E.164 -> what is special there"
    )
    worth: Worth = Field(Worth(), description="what having a certain agent is worth")
    urgency: Urgency = Field(Urgency(), description="who is ahead of those who wait as long")
    load: Load = Field(Load(), description="how the work is shared out")
    service: Service = Field(Service(), description="what is promised to callers")
    limits: Limits = Field(Limits(), description="what is not promised, against abuse")
    retention: Retention = Field(Retention(), description="how long what is kept of people is kept")
    greet_by_name: bool = Field(True, description="the name a person likes to be called by is said to whoever rings")
    ask_solved: Literal["key", "text", "both", "never"] = Field(
        "key", description="how customers are asked after a talk whether it is solved"
    )
    recording: Literal["never", "ask", "always"] = Field(
        "never", description="of talks; `ask`: of who says yes, `always`: it is said, and who says no is not recorded"
    )
    keep_after_transfers: int = Field(
        2, ge=0, le=20, description="transferred so often, a person keeps their agent until it is solved; 0: never"
    )
    phrases: dict[Word, dict[Word, list[Phrase]]] = Field(
        default_factory=dict,
        max_length=20,
        description="language (it) -> situation (greet) -> wordings in place of ours; see docs/phrases.md",
    )
    ring_seconds: int = Field(20, ge=5, le=120, description="an agent's phone rings this long")
    wrap_up_seconds: Seconds = Field(30, description="an agent's own time after a talk")
    breather_seconds: Seconds = Field(60, description="wrap-up is longer by this after a talk with a weary caller")
    breather_from_level: int = Field(2, ge=1, le=3, description="a caller is weary from this level on")
    wait_unasked_seconds: Seconds = Field(30, description="a familiar agent is waited for unasked if free within this")
    wait_unasked_chance: Chance = Field(0.5, description="and only if that is at least so likely")
    protect_promise_seconds: Seconds = Field(
        400, description="what keeping an agent free for a promise that is coming due is worth"
    )
    misses_until_away: int = Field(2, ge=1, le=10, description="so many missed rings in a row set an agent away")
    talk_seconds: int = Field(240, ge=30, le=7200, description="length of a talk where there is no past to learn from")
    callback_attempts: int = Field(3, ge=1, le=10, description="an unanswered call back is tried so often")
    callback_retry_minutes: int = Field(15, ge=1, le=1440, description="from one attempt to the next")
    widen: list[Widening] = Field(
        default_factory=list, max_length=MOST_STEPS, description="whom else a caller may be given to, by time waited"
    )
    rules: list[Rule] = Field(
        default_factory=list, max_length=MOST_RULES, description="all that match apply in order; later ones win"
    )

    _hours = field_validator("hours")(readable_hours)

    @model_validator(mode="before")
    @classmethod
    def _as_once_written(cls, written: Any) -> Any:
        """Two promises stood by themselves before they were gathered in `service`; plans of then are still read."""
        if not isinstance(written, dict):
            return written
        service = written.get("service", {})
        if not isinstance(service, dict):
            return written
        once = (("offer_after_seconds", "choice_after_seconds"), ("callback_window_seconds",) * 2)
        moved = {old: new for old, new in once if old in written and new not in service}
        if not moved:
            return written
        rest = {name: value for name, value in written.items() if name not in moved}
        return rest | {"service": service | {new: written[old] for old, new in moved.items()}}

    def line(self, number: str) -> Line:
        return self.lines.get(number, _PLAIN_LINE)

    def hours_of(self, number: str) -> str:
        return self.line(number).hours or self.hours

    def widened(self, waited_seconds: float) -> Wider:
        """Whatever order the steps are written in: what has been allowed stays allowed."""
        wider = Wider()
        for step in self.widen:
            if step.after_seconds <= waited_seconds:
                wider = Wider(
                    max(wider.lower_skills_by, step.lower_skills_by),
                    wider.any_language or step.any_language,
                    wider.any_team or step.any_team,
                )
        return wider


_PLAIN_LINE = Line()
