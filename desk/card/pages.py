"""The routes of the card: what concerns a person has the door of gate.py in front of it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from desk.card import facts, matters, notes, person, promising, search, timeline, today, transfer, who, wrap_up
from desk.card.gate import for_customer
from desk.site import Site

ONE = "/desk/people/{customer_id}"
POST = ("POST",)


def routes(site: Site) -> Sequence[BaseRoute]:
    pages = site.pages
    return [
        # The agent's own: who is on their line, what they have promised.
        pages.route("/desk/person", person.card),
        pages.route("/desk/person/who", who.say_who, methods=POST),
        pages.route("/desk/today", today.today),
        pages.route("/desk/transfer", transfer.dialog),
        pages.route("/desk/transfer", transfer.ask, methods=POST),
        pages.route("/desk/transfer/colleagues", transfer.colleagues, methods=("GET", "POST")),
        pages.route("/desk/transfer/{do:str}", transfer.step, methods=POST),
        # People: found, and opened for a reason.
        pages.route("/desk/people", search.people, methods=("GET", "POST")),
        pages.route(f"{ONE}/reason", search.say_why, methods=POST),
        for_customer(pages, ONE, search.profile, shut=search.ask_why),
        for_customer(pages, f"{ONE}/notes", notes.keep, methods=POST),
        for_customer(pages, f"{ONE}/notes/more", notes.add, methods=POST),
        for_customer(pages, f"{ONE}/timeline", timeline.timeline, methods=("GET", "POST")),
        for_customer(pages, f"{ONE}/facts", facts.form),
        for_customer(pages, f"{ONE}/facts", facts.save, methods=POST),
        for_customer(pages, f"{ONE}/alike", facts.alike),
        for_customer(pages, f"{ONE}/merge", facts.merge, methods=POST),
        for_customer(pages, f"{ONE}/proof", facts.prove, methods=POST),
        for_customer(pages, f"{ONE}/cases", matters.open_one, methods=POST),
        for_customer(pages, f"{ONE}/cases/{{case_id}}", matters.change, methods=POST),
        for_customer(pages, f"{ONE}/promise", promising.form),
        for_customer(pages, f"{ONE}/promises", promising.make, methods=POST),
        for_customer(pages, f"{ONE}/promises/{{promise_id}}", today.one_promise),
        for_customer(pages, f"{ONE}/promises/{{promise_id}}", promising.change, methods=POST),
        for_customer(pages, f"{ONE}/wrap-up", wrap_up.save, methods=POST),
        for_customer(pages, f"{ONE}/follow-up", wrap_up.follow_up),
    ]
