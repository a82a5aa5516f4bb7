"""The words of `explain`: two languages, and in each one wording for the manager and one for the caller.

`{who}` is the caller's name or "the caller"; the wording for the caller speaks to them instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    common: Mapping[str, str]
    manager: Mapping[str, str]
    caller: Mapping[str, str]


ITALIAN = Words(
    common={
        "caller": "chi chiama",
        "numbers": "due tre quattro cinque sei sette otto nove dieci",
        "seconds": "{n} secondi",
        "minute": "un minuto",
        "minutes": "{n} minuti",
        "ring": "{agent} è disponibile e {why}.",
        "wait_for": "{agent} {why} e sarà disponibile tra circa {estimate}: vale l'attesa.",
        "wait_known": "{agent} {why} e sarà disponibile tra circa {estimate}; ora nessuno è libero.",
    },
    manager={
        "wait_chosen": "{agent} {why} e sarà disponibile tra circa {estimate}: {who} ha scelto di aspettare.",
        "ring_stranger": "{agent} è disponibile da più tempo e parla la lingua di {who}.",
        "ring_spare": "{agent} è disponibile e parla la lingua di {who}.",
        "ring_next": "{agent} è di nuovo disponibile: ora tocca a {who}.",
        "ring_only": "{agent} può rispondere ora a {who}.",
        "wait": "Nessuno che possa aiutare {who} è libero: la prima persona lo sarà tra circa {estimate}.",
        "offer": "{agent} {why} ma sarà disponibile solo tra circa {estimate}: la scelta è di {who}.",
        "offer_nobody": "Nessuno che possa aiutare {who} è presente: si propone di richiamare.",
        "kept": "segue {who} finché la cosa non è risolta",
        "preferred": "è la persona scelta da {who}",
        "case_owner": "segue una sua pratica aperta",
        "familiar_one": "ha già aiutato {who} una volta",
        "familiar": "ha già aiutato {who} {times} volte",
        "stand_in": "sostituisce chi segue {who}",
        "rule": "è la persona indicata dalle regole",
        "busy": "{other} {why} ma è al telefono.",
        "wrap_up": "{other} {why} ma non ha ancora finito con la chiamata precedente.",
        "wanted": "{other} è disponibile da più tempo, ma spesso chi chiama fa il suo nome.",
        "load": "{other} è disponibile da più tempo, ma ha avuto più lavoro.",
        "promise": "{other} ha promesso una chiamata tra poco.",
        "urgent": "Precedenza di {seconds} secondi: {reasons}.",
        "repeated": "chiama di nuovo per la stessa cosa",
        "transferred": "la chiamata è passata da una persona all'altra",
        "broken_promise": "una promessa non è stata mantenuta",
        "cut_off": "la linea è caduta",
        "promise_ends": "il tempo promesso sta per scadere",
        "rule_urgent": "una regola",
    },
    caller={
        "wait_chosen": "{agent} {why} e sarà disponibile tra circa {estimate}, come ha scelto.",
        "ring_stranger": "{agent} è disponibile e parla la Sua lingua.",
        "ring_spare": "{agent} è disponibile e parla la Sua lingua.",
        "ring_next": "{agent} è di nuovo disponibile: ora tocca a Lei.",
        "ring_only": "{agent} può risponderLe ora.",
        "wait": "Nessuno che possa aiutarLa è libero: la prima persona lo sarà tra circa {estimate}.",
        "offer": "{agent} {why} ma sarà disponibile solo tra circa {estimate}: scelga Lei.",
        "offer_nobody": "Nessuno che possa aiutarLa è presente: possiamo richiamarLa.",
        "kept": "La segue finché la cosa non è risolta",
        "preferred": "è la persona che ha scelto",
        "case_owner": "segue una Sua pratica aperta",
        "familiar_one": "L'ha già aiutata una volta",
        "familiar": "L'ha già aiutata {times} volte",
        "stand_in": "sostituisce chi La segue di solito",
        "rule": "è la persona adatta",
    },
)
ENGLISH = Words(
    common={
        "caller": "the caller",
        "numbers": "two three four five six seven eight nine ten",
        "seconds": "{n} seconds",
        "minute": "a minute",
        "minutes": "{n} minutes",
        "ring": "{agent} {why} and is free.",
        "wait_for": "{agent} {why} and will be free in about {estimate}; that is worth the wait.",
        "wait_known": "{agent} {why} and will be free in about {estimate}; nobody is free now.",
    },
    manager={
        "wait_chosen": "{agent} {why} and will be free in about {estimate}; {who} chose to wait.",
        "ring_stranger": "{agent} has been free the longest and speaks {who}'s language.",
        "ring_spare": "{agent} is free and speaks {who}'s language.",
        "ring_next": "{agent} has just become free, and it is {who}'s turn.",
        "ring_only": "{agent} can help {who} now.",
        "wait": "Nobody who can help {who} is free; the first will be in about {estimate}.",
        "offer": "{agent} {why} but will only be free in about {estimate}, so {who} is asked.",
        "offer_nobody": "Nobody who can help {who} is here, so a call back is offered.",
        "kept": "looks after {who} until it is solved",
        "preferred": "is the person {who} chose",
        "case_owner": "holds an open matter of {who}'s",
        "familiar_one": "has helped {who} once",
        "familiar": "has helped {who} {times} times",
        "stand_in": "stands in for the person who looks after {who}",
        "rule": "is named by the rules",
        "busy": "{other} {why} but is on the phone.",
        "wrap_up": "{other} {why} but has not finished with the last call.",
        "wanted": "{other} has been free for longer, but is often asked for by name.",
        "load": "{other} has been free for longer, but has had more work.",
        "promise": "{other} has promised a call soon.",
        "urgent": "{seconds} seconds ahead: {reasons}.",
        "repeated": "calls again about the same thing",
        "transferred": "was passed from one to the next",
        "broken_promise": "a promise was not kept",
        "cut_off": "the line was cut",
        "promise_ends": "the time that was promised is nearly over",
        "rule_urgent": "a rule",
    },
    caller={
        "wait_chosen": "{agent} {why} and will be free in about {estimate}, as you chose.",
        "ring_stranger": "{agent} is free and speaks your language.",
        "ring_spare": "{agent} is free and speaks your language.",
        "ring_next": "{agent} has just become free, and it is your turn.",
        "ring_only": "{agent} can help you now.",
        "wait": "Nobody who can help you is free; the first will be in about {estimate}.",
        "offer": "{agent} {why} but will only be free in about {estimate}; it is for you to choose.",
        "offer_nobody": "Nobody who can help you is here; we can call you back.",
        "kept": "looks after you until it is solved",
        "preferred": "is the person you chose",
        "case_owner": "holds an open matter of yours",
        "familiar_one": "has helped you once",
        "familiar": "has helped you {times} times",
        "stand_in": "stands in for the person who looks after you",
        "rule": "is the right person for this",
    },
)
