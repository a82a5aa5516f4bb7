"""Calls and their legs."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.due import due_columns
from store.sql import Instant, metadata

_NO_OUTCOME = text("outcome IS NULL")
_WAITING = text("state = 'waiting'")
_PLACED = text("need IS NOT NULL")

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sid", Text, unique=True),  # the caller's leg; a promised call has none until the customer is dialled
    Column("direction", Text, nullable=False),  # inbound | outbound
    Column("from_number", Text, nullable=False, index=True),  # as given; a withheld one is a word
    Column("to_number", Text, nullable=False),
    Column("customer_id", ForeignKey("customers.id", ondelete="SET NULL"), index=True),
    Column("language", Text, nullable=False),
    Column("said", Text),
    Column("state", Text, nullable=False, index=True),  # greeting | choosing | waiting | ringing | talking | ended
    Column("outcome", Text),  # agent | voicemail | callback | abandoned | backup
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),  # who talks or talked with them
    Column("familiar", Boolean, nullable=False, server_default=text("false")),
    Column("choice", Text),  # what the caller asked for: teammate | wait
    Column("callback_id", ForeignKey("callbacks.id", ondelete="SET NULL"), index=True),  # the promise it carries
    Column("recording_url", Text),  # a message they left
    Column("attempt", Integer),  # of that promise, when we are the ones who call
    Column("arrived_at", Instant, nullable=False, index=True),
    Column("offered_at", Instant),  # when a choice was first spoken
    Column("told_of", Text),  # the reservation whose ringing has been announced to the caller
    Column("greeted_at", Instant),  # when the greeting will have been spoken
    Column("talking_at", Instant),
    Column("join_asked_at", Instant),  # when the carrier was asked to fetch the caller into the room
    Column("joined_at", Instant),  # when the room was given to the caller's leg
    Column("ended_at", Instant),
    Column("waited_seconds", Float),
    Column("plan_version", Integer),  # the rules that were in force when it arrived hold for all of it
    # In the queue: what choosing needs to know, which agents would do, and the place (arrival, less urgency).
    Column("card", JSON),
    Column("need", Text),
    Column("ranked_at", Instant),
    Column("held_at", Instant),  # since when they are kept, unasked, for somebody they know
    Column("held_until", Instant),
    Column("look_at", Instant),  # while they wait: a hold is over, the rules widen
    Column("weary_level", Integer),
    Column("told_seconds", Float),  # the first estimate they heard
    Column("told_at", Instant),
    Column("call_back_to", Text),  # a number they typed, E.164
    Column("case_id", Text, index=True),  # what it is about, as they confirmed
    Column("place", Text),  # in the dialogue: see machine.py
    Column("tries", Integer, nullable=False, server_default=text("0")),  # here, without an answer we understood
    Column("asked", Text),  # what they were asked before a talk, with a blank between: name, why, same
    Column("proved_at", Instant),  # a code sent to a channel of theirs came back; before that a number is all we know
    Column("attestation", Text),  # what the carrier says of the number: A | B | C | failed; a hint, no proof
    Column("forwarded_from", Text),  # as given
    Column("name_recording_url", Text),
    Column("consent", Boolean),  # to being recorded; null: not asked
    Column("talk_recordings", JSON),  # SIDs
    Column("confirmed", Boolean),  # is it solved, in their own word, after the talk
    Column("known_by", Text),  # name: they said who they are; null: their number is in the record
    Column("room_sid", Text),  # the carrier's, of the room that is recorded
    Column("recording_state", Text),  # recording | paused | stopped, as far as it has been asked for
    Column("recording_said_at", Instant),  # when they will have heard that the talk is recorded
    Column("question_at", Instant),  # when the question of the document last given begins to be spoken
    Column("hears_until", Instant),  # that document may be hearing their answer: till then it is not taken away
    Column("solved_asked_at", Instant),  # when they were asked by text whether it is solved
    Column("on_hold_at", Instant),  # since when the caller is held by their agent
    Column("agent_ends_at", Instant),  # when the agent's desk said that it hangs up: what ends without that has broken
    Column("dropped_at", Instant),  # the agent's line broke in the middle of a talk
    Column("dropped_agent", Text),
    # The document last given, so that a webhook sent twice gets the same answer and acts once.
    Column("step", Integer, nullable=False, server_default=text("0")),
    Column("reply_key", Text),
    Column("reply", Text),
    *due_columns(),  # due_at: look at this call again
    # Few at any time: those that are live, and those that were lost.
    Index("ix_calls_no_outcome", "direction", "state", sqlite_where=_NO_OUTCOME, postgresql_where=_NO_OUTCOME),
    Index("ix_calls_queue", "need", "ranked_at", sqlite_where=_PLACED, postgresql_where=_PLACED),
    Index("ix_calls_look_at", "look_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
)

legs = Table(
    "legs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sid", Text, unique=True),  # null until the carrier has named it
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False),  # caller | agent | consult (a colleague who is asked) | supervisor
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("reservation_id", ForeignKey("reservations.id", ondelete="SET NULL"), index=True),
    Column("state", Text, nullable=False),  # Twilio's CallStatus
    Column("made_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

# A code sent to a channel that stands in the person's record, and read back.
proofs = Table(
    "proofs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Text, nullable=False),  # where it went, E.164
    Column("digest", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("proved_at", Instant),
)


# A caller whom one agent brings to another: asked, talking alone, introduced, and then theirs.
transfers = Table(
    "transfers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("from_agent", Text, nullable=False, index=True),
    Column("to_agent", Text, index=True),
    Column("skill", Text),
    Column("note", Text),
    Column("state", Text, nullable=False),  # ringing | consulting | introduced | completed, or why not
    Column("live", Boolean, nullable=False),
    Column("reservation_id", Text),
    Column("made_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("introduced_at", Instant),
    Column("ended_at", Instant),
    Index("uq_transfers_live_call", "call_id", unique=True, sqlite_where=text("live"), postgresql_where=text("live")),
)

# A manager who listens to a talk, speaks to its agent alone, or to both.
supervisions = Table(
    "supervisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("by", Text, nullable=False),  # a user's or token's id
    Column("name", Text, nullable=False),  # as the customer is told
    Column("address", Text, nullable=False),
    Column("leg_id", Text, index=True),
    Column("mode", Text, nullable=False),  # listen | whisper | join
    Column("made_at", Instant, nullable=False),
    Column("joined_at", Instant),
    Column("ended_at", Instant),
)

# What a manager ended by hand, and why.
interventions = Table(
    "interventions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), index=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), index=True),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),  # call_ended | agent_released | promise_released
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
