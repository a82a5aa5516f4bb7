"""A replay in words, Italian or English: what it takes for granted, and what would have changed for a person.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from routing.comparison import Gaps, Worse
from routing.replay import ANSWER_SECONDS, PATIENCE_SECONDS
from routing.replay_duty import BREAK
from routing.span import Fate

_ITALIAN = {
    "was": "Ha parlato con {agent}; ",
    "was_known": "Ha parlato con {agent}, che conosce; ",
    "gone": "qualcuno che non lavora più qui",
    "abandoned": "avrebbe riagganciato dopo {waited} secondi di attesa.",
    "nobody": "non avrebbe trovato nessuno che potesse rispondere.",
    "closed": "avrebbe trovato chiuso.",
    "stranger": "avrebbe parlato con {now}, che non conosce.",
    "longer": "avrebbe atteso {waited} secondi invece di {before}.",
    "alike": "Chi chiama, quando e per che cosa è come nel passato; anche chi ha richiamato, o è stato richiamato, "
    "chiama qui come allora.",
    "patience": "Chi attende riaggancia quando perde la pazienza: esponenziale con media di {patience} secondi, la "
    "stessa per ogni piano; se dell'attesa di allora si sa quanto durò, chi riagganciò lo rifà dopo altrettanto, gli "
    "altri non prima. Nessuno riaggancia mentre ascolta la scelta o mentre squilla un operatore.",
    "keys": "Nessuno preme tasti: si va avanti come annunciato, e nessuno accetta di essere richiamato; ciò che il "
    "piano dice delle richiamate qui non cambia nulla.",
    "rings": "Ogni squillo riceve risposta dopo {ring} secondi: nessun operatore rifiuta o lascia squillare, e la "
    "durata dello squillo qui non cambia nulla.",
    "agents": "Gli operatori sono quelli di oggi con lingue, competenze e orari di oggi, presenti per tutto l'orario "
    "senza pause, salvo le assenze segnate, una chiamata alla volta.",
    "duty_told": "Gli operatori sono quelli del file, con ogni competenza, presenti dalla prima all'ultima chiamata di "
    "ogni giorno salvo i silenzi di oltre {rest} minuti, una chiamata alla volta; le squadre non contano, e dove il "
    "piano non dice un orario è sempre aperto.",
    "a_day": "In media {a_day} operatori al giorno hanno risposto; nella simulazione sono presenti tutti i {agents}.",
    "people": "La lingua, la persona preferita, chi segue una pratica e chi non vuole incontrare chi sono quelli di "
    "oggi; chi conosce chi vale dal momento della conversazione, e qui da quelle simulate. Promesse non mantenute e "
    "linee cadute di allora qui non danno precedenza.",
    "talks": "Una conversazione dura quanto allora, chiunque risponda, e finisce allo stesso modo.",
    "learnt": "Quanto dura una conversazione a quell'ora e quanto spesso un operatore è chiesto per nome si sa dai "
    "giorni stessi della simulazione.",
    "without_length": "Di {n} chiamate la durata non è nota: vale {usual} secondi; se prese, sono risolte.",
    "without_wait": "Di {n} chiamate su {calls} l'attesa non è nota: valgono come arrivate quando la conversazione è "
    "cominciata.",
    "without_line": "Di {n} chiamate su {calls} il numero chiamato non è noto: vale la regola generale.",
    "without_record": "{n} chiamate sono di persone senza scheda, che nessuno conosce.",
    "agent_gone": "{n} chiamate ebbero risposta da chi non lavora più qui: non contano nella quota di chi ha "
    "raggiunto una persona nota.",
    "past": "Del passato non si sa a chi fu offerto di essere richiamato né chi trovò chiuso o nessuno.",
}
_ENGLISH = {
    "was": "Spoke with {agent}; ",
    "was_known": "Spoke with {agent}, whom they know; ",
    "gone": "somebody who is no longer here",
    "abandoned": "would have hung up after waiting {waited} seconds.",
    "nobody": "would have found nobody who can help them.",
    "closed": "would have found the house closed.",
    "stranger": "would have spoken with {now}, whom they do not know.",
    "longer": "would have waited {waited} seconds instead of {before}.",
    "alike": "Who rings, when and about what is as in the past; whoever rang again or was called back rings here as "
    "they did then.",
    "patience": "Who waits hangs up when their patience is over: exponential with a mean of {patience} seconds, the "
    "same under every plan; where it is known how long they waited then, who hung up does so after as long, and nobody "
    "else sooner. Nobody hangs up while hearing their choice or while an agent is rung.",
    "keys": "Nobody presses a key: things go on as announced, and nobody takes the call back that is offered; what the "
    "plan says of calls back changes nothing here.",
    "rings": "Every ring is answered after {ring} seconds: no agent declines or lets it ring out, and how long the "
    "plan lets it ring changes nothing here.",
    "agents": "The agents are those of today with today's languages, skills and hours, there for the whole of them "
    "without a break, save for the absences noted, one call at a time.",
    "duty_told": "The agents are those of the file with every skill, there from the first to the last call of each day "
    "save for silences of more than {rest} minutes, one call at a time; teams do not count, and where the plan says no "
    "hours the house is always open.",
    "a_day": "On average {a_day} agents a day took calls; in the replay all {agents} are there.",
    "people": "The language, the preferred agent, the owner of a case and who does not want to meet whom are those of "
    "today; who knows whom counts from the conversation on, and here from the simulated ones. Promises broken, "
    "long waits and lines cut then give nobody precedence here, and tire nobody.",
    "talks": "A conversation lasts as long as it did, whoever answers, and ends the same way.",
    "learnt": "How long a conversation lasts at that hour, and how often each agent is asked for, is learnt from the "
    "very days of the replay.",
    "without_length": "Of {n} calls no length is known: they take {usual} seconds, and are solved if they were not "
    "answered then.",
    "without_wait": "Of {n} calls of {calls} the wait is not known: they are taken to have rung when the conversation "
    "began.",
    "without_line": "Of {n} calls of {calls} the number dialled is not known: what holds for every line holds.",
    "without_record": "{n} calls are of people without a record, whom nobody knows.",
    "agent_gone": "{n} calls were answered by somebody who is no longer here: they do not count in the familiar rate.",
    "past": "Of the past it is not known who was offered a call back, or found the house closed or nobody there.",
}
_FIRST, _THEN = ("alike", "patience", "keys", "rings"), ("people", "talks", "learnt")
_OF_SOME = ("without_length", "without_wait", "without_line", "without_record", "agent_gone")


def assumptions(gaps: Gaps, language: str) -> list[str]:
    """What the replay takes for granted; `language` BCP 47, anything but Italian reads English."""
    words = _words(language)
    figures = {
        "patience": round(PATIENCE_SECONDS),
        "ring": round(ANSWER_SECONDS),
        "rest": round(BREAK.total_seconds() / 60),
    }
    always = (*_FIRST, "duty_told" if gaps.duty_told else "agents", *_THEN)
    said = [words[key].format(**figures) for key in always]
    if gaps.agents_a_day is not None and not gaps.duty_told:
        said.append(words["a_day"].format(a_day=round(gaps.agents_a_day, 1), agents=gaps.agents))
    for key in _OF_SOME:
        n = getattr(gaps, key)
        if n:
            said.append(words[key].format(n=n, calls=gaps.calls, usual=gaps.usual_seconds))
    return [*said, words["past"]]


def changed(worse: Worse, names: Mapping[str, str], language: str) -> str:
    """One sentence; `names` of agents by id."""
    words = _words(language)
    before = words["was_known" if worse.was.familiar else "was"] + words[worse.what]
    return before.format(
        agent=_name(worse.was, names, words["gone"]),
        now=_name(worse.now, names, words["gone"]),
        waited=round(worse.now.waited_seconds or 0),
        before=round(worse.was.waited_seconds or 0),
    )


def _name(fate: Fate, names: Mapping[str, str], gone: str) -> str:
    return names.get(fate.agent or "", gone)


def _words(language: str) -> Mapping[str, str]:
    return _ITALIAN if language.lower().startswith("it") else _ENGLISH
