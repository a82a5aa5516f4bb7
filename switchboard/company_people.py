"""The people of the invented company whom a newcomer meets first, and its agents.  Nothing but data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COMPANY_NAME = "Officine Lume"  # lamps made and repaired by hand
LINE = "+390655550100"
MANAGER = "Laura Serra"


@dataclass(frozen=True, slots=True)
class Colleague:
    key: str  # address client:KEY
    name: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]
    team: str
    stand_in: str


AGENTS = (
    Colleague("anna", "Anna Bianchi", ("it-IT", "en-GB"), {"repairs": 5, "orders": 3}, "workshop", "davide"),
    Colleague("davide", "Davide Romano", ("it-IT",), {"repairs": 4, "spare parts": 5}, "workshop", "anna"),
    Colleague("chiara", "Chiara Gallo", ("it-IT", "fr-FR"), {"repairs": 3, "spare parts": 3}, "workshop", "davide"),
    Colleague("luca", "Luca Esposito", ("it-IT", "en-GB"), {"orders": 5, "delivery": 4}, "orders", "giulia"),
    Colleague("giulia", "Giulia Moretti", ("it-IT",), {"orders": 4, "delivery": 5}, "orders", "luca"),
    Colleague("matteo", "Matteo De Luca", ("it-IT", "de-DE"), {"orders": 3, "delivery": 3}, "orders", "giulia"),
    Colleague("sara", "Sara Rinaldi", ("it-IT", "en-GB"), {"design": 5, "orders": 2}, "atelier", "paolo"),
    Colleague("paolo", "Paolo Conti", ("it-IT",), {"design": 4, "installation": 5}, "atelier", "sara"),
    Colleague("federica", "Federica Testa", ("it-IT", "en-GB"), {"billing": 5}, "accounts", "luca"),
    Colleague("hannah", "Hannah Cooper", ("en-GB", "it-IT"), {"orders": 4, "design": 3}, "abroad", "luca"),
    Colleague("thomas", "Thomas Keller", ("de-DE", "en-GB", "it-IT"), {"orders": 4, "repairs": 3}, "abroad", "matteo"),
    Colleague("elodie", "Élodie Martin", ("fr-FR", "it-IT"), {"orders": 4, "billing": 2}, "abroad", "chiara"),
)


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation of the past: `days` ago at `hour` o'clock there."""

    days: int
    hour: float
    agent: str | None
    outcome: str
    topic: str
    summary: str
    seconds: int = 260


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody to ring as."""

    number: str
    name: str
    language: str
    story: str  # one line for who plays the demo
    called: str | None = None
    title: str | None = None
    say: str | None = None
    formal: bool = True
    preferred: str | None = None
    style: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    past: tuple[Talk, ...] = field(default=())
    withhold: bool = False


_MARIA = (
    Talk(96, 10.2, "anna", "solved", "repair", "Abat-jour della nonna, braccio piegato. Ritiro prenotato."),
    Talk(81, 16.4, "anna", "solved", "repair", "La lampada è pronta: contenta, la ritira sabato."),
    Talk(47, 11.0, "luca", "solved", "delivery", "Consegna della Nora spostata a giovedì mattina."),
    Talk(33, 9.6, "anna", "solved", "spare part", "Diffusore opalino per la Alba, spedito."),
    Talk(6, 15.1, "anna", "solved", "installation", "Spiegato il tassello per il cartongesso, passo per passo."),
)
_LORENZO = (
    Talk(74, 10.0, "davide", "solved", "delivery", "Consegna puntuale, tutto bene."),
    Talk(9, 9.4, "giulia", "transferred", "dimmer", "La luce sfarfalla. Passato al laboratorio."),
    Talk(9, 9.6, "davide", "open", "dimmer", "Sfarfalla sotto il 20%. Cambiato dimmer: da rivedere."),
    Talk(5, 17.2, "luca", "transferred", "dimmer", "Sfarfalla ancora. Ha dovuto raccontare tutto da capo."),
    Talk(5, 17.4, "davide", "open", "dimmer", "Il trasformatore nuovo arriva giovedì."),
    Talk(1, 12.3, None, "abandoned", "dimmer", "Ha aspettato sei minuti e ha riattaccato.", 0),
)
_ELENA = (
    Talk(58, 11.5, "sara", "solved", "made to measure", "Prima idea: ottone spazzolato, dodici posti a tavola."),
    Talk(20, 15.0, "sara", "solved", "made to measure", "Mandato il disegno, le piace la seconda versione."),
    Talk(3, 10.4, "sara", "open", "made to measure", "Aspetta il campione di tessuto per scegliere."),
)
_CARLO = (
    Talk(110, 9.2, "federica", "solved", "invoice", "Fattura da intestare allo studio. Corretta."),
    Talk(64, 14.5, "sara", "solved", "made to measure", "Quaranta applique per l'albergo di Ravello."),
    Talk(29, 9.1, "sara", "solved", "delivery", "Consegna in due lotti, con le date."),
)
_JAMES = (
    Talk(88, 12.0, "hannah", "solved", "delivery", "Parcel held at customs, released the same day."),
    Talk(41, 15.5, "hannah", "solved", "warranty", "LED dead after thirteen months. Replaced."),
    Talk(12, 11.2, "anna", "solved", "dimmer", "Recommended the right dimmer for three lamps."),
)
_KATHARINA = (
    Talk(70, 10.5, "thomas", "solved", "made to measure", "Leuchte für den Lesesaal, Zeichnung geschickt."),
    Talk(18, 9.8, "thomas", "solved", "installation", "Schaltplan für den Elektriker geschickt."),
)
_CLAIRE = (
    Talk(52, 16.0, "elodie", "solved", "repair", "Lampe de bureau réparée, renvoyée lundi."),
    Talk(15, 10.1, "elodie", "solved", "invoice", "Paiement en deux fois, accordé."),
)

GUESTS = (
    Guest(
        "+393205550142",
        "Maria Rossi",
        "it-IT",
        "Anna has helped her four times",
        called="Maria",
        say="ma-RI-a",
        style="step by step, with measures",
        notes="Restores the house of her grandparents in Orvieto.",
        past=_MARIA,
    ),
    Guest(
        "+393475550118",
        "Lorenzo Greco",
        "it-IT",
        "Tired of us: the same flickering lamp for the third time",
        called="Lorenzo",
        style="facts first, no excuses",
        notes="Was transferred twice and had to tell it all again.",
        past=_LORENZO,
    ),
    Guest(
        "+393395550164",
        "Elena Ricci",
        "it-IT",
        "Sara holds her open matter",
        called="Elena",
        title="dottoressa",
        style="in pictures: how the room will look",
        past=_ELENA,
    ),
    Guest(
        "+393355550107",
        "Carlo Santoro",
        "it-IT",
        "A VIP who asks for Sara",
        called="Carlo",
        title="ingegnere",
        preferred="sara",
        style="brief, rings between two meetings",
        tags=("vip",),
        notes="Hotels on the coast; forty rooms in April.",
        past=_CARLO,
    ),
    Guest(
        "+39065555210",
        "Paola Ferri",
        "it-IT",
        "A household: Paola and Stefano share this number",
        called="Paola",
        past=(Talk(39, 10.7, "giulia", "solved", "delivery", "Pacco lasciato in portineria, d'accordo."),),
    ),
    Guest(
        "+39065555210",
        "Stefano Ferri",
        "it-IT",
        "",
        called="Stefano",
        past=(
            Talk(25, 17.5, "paolo", "solved", "installation", "Applique montate al contrario. Risolto al telefono."),
        ),
    ),
    Guest(
        "+442079460123",
        "James Whitfield",
        "en-GB",
        "Rings from London, in English",
        called="James",
        formal=False,
        past=_JAMES,
    ),
    Guest(
        "+493023125144",
        "Katharina Vogel",
        "de-DE",
        "Rings from Berlin, in German; knows Thomas",
        called="Katharina",
        title="Dr.",
        past=_KATHARINA,
    ),
    Guest(
        "+33199001266",
        "Claire Fontaine",
        "fr-FR",
        "Rings from Paris, in French; knows Élodie",
        called="Claire",
        past=_CLAIRE,
    ),
)

STRANGERS = (
    Guest("+393405550199", "Somebody new", "it-IT", "A number we have never seen: is asked for a name, once"),
    Guest("+393895550133", "Number withheld", "it-IT", "Hides the number: a normal caller all the same", withhold=True),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was noted or told `days` ago; `told`: in their own words."""

    name: str
    agent: str
    days: int
    words: str
    told: bool = True
    tags: tuple[str, ...] = ()


STORIES = (
    Told(
        "Maria Rossi",
        "anna",
        6,
        "Il tassello l'ho capito solo quando me l'ha disegnato. Perché non mettete il disegno nella scatola?",
        tags=("instructions", "packaging"),
    ),
    Told("Maria Rossi", "anna", 33, "Cerca una Alba gemella per l'altro comodino.", told=False),
    Told(
        "Lorenzo Greco",
        "davide",
        5,
        "È la terza volta che lo racconto. Ogni volta qualcuno mi dice che il dimmer va bene.",
        tags=("dimmer", "repeated"),
    ),
    Told(
        "Elena Ricci",
        "sara",
        3,
        "Vorrei che la luce sul tavolo fosse come quella delle cinque del pomeriggio, a settembre.",
        tags=("made to measure",),
    ),
    Told("Carlo Santoro", "sara", 29, "Chiama tra due riunioni: prima la risposta, poi il perché.", told=False),
    Told(
        "James Whitfield",
        "hannah",
        12,
        "I only ever get an honest date from you people. Keep it that way.",
        tags=("delivery",),
    ),
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A promise for so many working days from today."""

    name: str
    agent: str
    days: int
    hour: float
    kind: str
    reason: str


TO_COME = (
    Ahead("Elena Ricci", "sara", 1, 10.0, "scheduled", "Il campione di tessuto è arrivato?"),
    Ahead("Lorenzo Greco", "davide", 1, 11.5, "scheduled", "Il trasformatore nuovo: tiene sotto il 20%?"),
    Ahead("Maria Rossi", "anna", 2, 9.5, "follow_up", "La lampada montata sul cartongesso tiene?"),
    Ahead("James Whitfield", "hannah", 2, 15.0, "follow_up", "Do the three lamps dim evenly?"),
    Ahead("Katharina Vogel", "thomas", 3, 10.5, "scheduled", "Angebot für den Lesesaal"),
)
