"""Words that are fit to be said, and what is wrong with the others."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from ivr import lint
from ivr.catalogue import LANGUAGES
from ivr.lint import blemishes, blemishes_of, catalogue_findings, faults, faults_of, ours


def test_our_own_catalogues_are_fit_to_be_said() -> None:
    assert list(catalogue_findings()) == []


def test_our_own_words_could_be_a_managers() -> None:
    for code in LANGUAGES:
        for key, own in ours(code).items():
            if own.domain in lint.SPOKEN_TO_CALLERS:
                assert [what for wording in own.wordings for what in faults(key, wording, code)] == [], (code, key)


@pytest.mark.parametrize(
    ("key", "wording", "what"),
    [
        ("greet", "Ciao!", "It must say {name}."),
        ("greet", "Ciao {name} {agent}!", "Nothing is known here of {agent}."),
        ("greet", "Ciao {name", "The braces do not fit together"),
        ("greet", "Ciao {name.__class__}{name}", "Nothing is known here of"),
        ("greet", "Ciao {name!r}", "A slot is its name in braces and nothing else."),
        ("greet", "Ciao {name:>9999}", "A slot is its name in braces and nothing else."),
        ("greet", "[Salve|Ciao, {name}", "A bracket stands alone"),
        ("greet", "<Benvenuto|Benvenuta>, {name}", "A bracket stands alone"),
        ("greet", "Ciao {name}, prema 9", "It announces a key that does nothing here."),
        ("bye", "[Arrivederci|]", "It says nothing."),
        ("key_callback", "una richiamata con il 2", 'It must announce "prema 2".'),
        ("key_callback", "prema 3 per una richiamata", 'It must announce "prema 2".'),
        ("key_callback", "[prema 2|premi] per una richiamata", 'It must announce "prema 2".'),
        ("hold_music", "…", "There is no situation of this name"),
        ("text_answer", "Grazie", "There is no situation of this name"),
    ],
)
def test_what_would_break_is_refused(key: str, wording: str, what: str) -> None:
    assert any(found.startswith(what) for found in faults(key, wording, "it"))


@pytest.mark.parametrize(
    ("key", "wording"),
    [
        ("greet", "{hello} {name}, qui {company}. <Benvenuto|Benvenuta|Piacere di [sentirla|sentirti]>!"),
        ("greet", "Ciao {name}."),
        ("key_callback", "[prema|premi] 2 e [la|ti] richiamiamo"),
        ("closed", "Siamo aperti dalle 9 alle 18. Riapriamo {time}."),
    ],
)
def test_a_managers_own_wording_may_be_quite_different(key: str, wording: str) -> None:
    assert list(faults(key, wording, "it")) == []


# What callers have heard often enough, and what may look like it and is fit to be said: language by language.
WORN = {
    "it": """
        La sua chiamata è importante per noi. / Purtroppo siamo tutti occupati.
        La richiamiamo il prima possibile. / Rimanga in linea. / Non riagganci.
        Tutti i nostri consulenti sono occupati. / Nel più breve tempo possibile. / Resti in attesa, per favore.
        Attenda in linea. / Un attimo. / Un momento, prego. / Grazie per l'attesa. / Ci scusiamo per il disagio.
        Il prossimo operatore è per lei. / La preghiamo di aspettare. / Si prega di attendere.
        Un po' di pazienza. / Le risponderemo non appena possibile. / La richiamiamo al più presto.
        Tra poco tocca a lei. / Gentile cliente, buongiorno. / Tra un attimo rispondiamo.
        Ascolti un po' di musica. / Tra breve siamo da lei. / La sua chiamata ci sta a cuore. / Non metta giù.
        Le rispondiamo quanto prima. / Siamo tutti impegnati. / Va bene. [Va bene|Attendi in linea].
        Presto la richiamiamo.
    """,
    "en": """
        Your call is important to us. / Please hold. / We will call you as soon as possible. / Stay on the line.
        Somebody will be with you shortly. / Your call matters to us. / At your earliest convenience.
        One moment, please. / All our agents are busy. / We value your call.
        We apologise for the inconvenience. / Please wait. / Thank you for your patience.
        We will be right with you. / As quickly as possible. / Hold, please. Hold the line.
        At the earliest opportunity. / Please remain on the line. / Unfortunately we are closed. / Bear with us.
        The next available person answers. / We have high call volumes. / Do not hang up. / Don't hang up.
        Calls are recorded for quality purposes. / Thank you for holding. / You will hear music. / In a moment.
        Dear customer, good morning. / A representative will help. / All of our lines are currently engaged.
    """,
    "de": """
        Bitte warten Sie. / Wir rufen so bald wie möglich an. / Ihr Anruf liegt uns am Herzen.
        Bleiben Sie dran. / Alle unsere Berater sind im Gespräch. / Bitte bleiben Sie in der Leitung.
        Einen Moment bitte. / In Kürze. / Ihr Anruf ist uns wichtig. / Leider ist niemand da.
        Wir rufen umgehend zurück. / Baldmöglichst. / Bald. / Bitte legen Sie nicht auf. / Haben Sie Geduld.
        Sehr geehrte Kunden. / Schnellstmöglich. / Gleich bei Ihnen. / Der nächste freie Mitarbeiter kommt.
        Danke für Ihr Verständnis. / Sie sind in der Warteschleife. / Wir bitten um Geduld.
        Wir entschuldigen die Unannehmlichkeiten. / Sie hören Musik. / Demnächst. / Zeitnah.
        Einen kleinen Augenblick. / In wenigen Minuten. / Bedauerlicherweise nicht. / Möglichst bald.
        Gedulden Sie sich. / Zur Qualitätssicherung wird aufgezeichnet. / Sobald es geht.
    """,
    "fr": """
        Veuillez patienter. / Nous rappelons dès que possible. / Dans les meilleurs délais. / Au plus vite.
        Restez en ligne. / Votre appel compte pour nous. / Tous nos conseillers sont occupés.
        Merci de votre attente. / Un instant, s'il vous plaît. / Très prochainement. / Ne quittez pas.
        Ne raccrochez pas. / Merci de patienter. / Votre appel est important.
        Malheureusement, personne n'est là. / Cher client, bonjour. / Sous peu. / Bientôt.
        Un opérateur va répondre. / Un peu de patience. / Merci de votre patience. / Dans quelques instants.
        Nous vous prions de rester. / Vous entendrez de la musique.
        Veuillez nous excuser pour les désagréments. / Dans un instant. / Le plus tôt possible.
        Nous répondons rapidement. / Dans les plus brefs délais. / Votre appel nous tient à cœur.
        Pour la qualité de service. / Reste en ligne.
    """,
    "es": """
        Su llamada es muy importante. / Llamaremos lo antes posible. / Espere, por favor. / A la mayor brevedad.
        Manténgase a la espera. / Su llamada nos importa. / Todos nuestros agentes están ocupados. / Enseguida.
        Un momento, por favor. / Tan pronto como sea posible. / No cuelgue. / Permanezca en línea.
        Cuanto antes. / Por favor, espere. / Lamentablemente no hay nadie. / Estimado cliente. / En breve.
        Dentro de poco. / Pronto. / Un operador le atenderá. / Tenga paciencia. / Gracias por su espera.
        Disculpe las molestias. / En seguida. / Oirá música. / En unos minutos. / Próximamente.
        Por desgracia, no. / Aguarde un momento. / Nuestros asesores le llaman.
        Por motivos de calidad se graba. / No cortes. / Sin demora.
    """,
}
SOUND = {
    "it": """
        Buongiorno, {name}. / A presto. / Ci risentiamo presto, {time}. / Anna sarà libera tra circa {estimate}.
        Prema 1 per parlare con Luca. / Prema 4 per aspettare Anna. / Mi dispiace, è un'attesa lunga.
        Riapriamo {time}. / Se non preme nulla le passo Luca. / Grazie della chiamata. / Adesso parlano tutti.
        In questo momento siamo chiusi. / Lasci pure il messaggio dopo il segnale. / Non ho capito.
        Ancora circa {estimate}. / Un momento fa era libera. / La linea è caduta, ma ha ancora il suo posto.
        Qualcuno di noi la richiama {time}. / Va bene, non registriamo. / Come si chiama? / Perché chiama?
        Le mando una conferma. / La richiamiamo il prima possibile, entro {time}. / Mi scusi.
        Il messaggio è arrivato. / Siamo qui anche di notte. / Oggi è festa. / È risolto? / Benvenuta.
        Ha fatto bene a chiamare.
    """,
    "en": """
        Good morning, {name}. / See you soon. / We will call you as soon as possible, {time}.
        Press 1 for Luca. / Press 4 to wait for Anna. / Anna will be free in about {estimate}.
        I am sorry it is taking so long. / Without a key I will put you through to Luca.
        Thank you for ringing. / Everybody is on the phone. / We open again {time}.
        Please leave a message after the tone. / I did not catch that. / About {estimate} more.
        The line dropped, but you still have your place. / Somebody will call you {time}.
        All right, no recording. / What is your name? / Why are you calling? / I will send you a confirmation.
        A minute ago she was free. / I am sorry. / Your message has arrived. / We are here at night too.
        It is a holiday. / Is it solved? / You were right to call. / Hold 1 for a second. / One of us knows you.
        It was good to hear you. / Welcome. / May I know who is calling?
    """,
    "de": """
        Guten Morgen, {name}. / Bis bald. / Wir rufen so bald wie möglich an, {time}. / Drücken Sie 1 für Luca.
        Drücken Sie 4, um auf Anna zu warten. / Anna ist in etwa {estimate} frei.
        Es dauert lange, das tut mir leid. / Ohne Taste verbinde ich Sie mit Luca. / Danke für Ihren Anruf.
        Gerade sprechen alle. / Wir öffnen {time}. / Sprechen Sie nach dem Ton. / Das habe ich nicht verstanden.
        Noch etwa {estimate}. / Eben war sie noch frei. / Die Leitung war weg, Ihr Platz ist noch da.
        Jemand von uns ruft {time} an. / Gut, ohne Aufnahme. / Wie heißen Sie? / Warum rufen Sie an?
        Ich schicke Ihnen eine Bestätigung. / Es tut mir leid. / Willkommen. / Ihre Nachricht ist da.
        Wir sind auch nachts da. / Heute ist Feiertag. / Ist es gelöst? / Schön, Sie zu hören.
        Gut, dass Sie anrufen. / Wir rufen gleich zurück, {time}. / Einen guten Abend.
    """,
    "fr": """
        Bonjour, {name}. / À bientôt. / Nous rappelons dès que possible, {time}. / Tapez 1 pour parler à Luca.
        Tapez 4 pour attendre Anna. / Anna sera libre dans environ {estimate}.
        Je regrette que ce soit si long. / Sans touche, je vous passe Luca. / Merci de votre appel.
        Tout le monde parle en ce moment. / Nous rouvrons {time}. / Parlez après le signal.
        Je n'ai pas compris. / Encore {estimate} environ. / Elle était libre tout à l'heure.
        La ligne a été coupée, vous gardez votre place. / Quelqu'un vous rappelle {time}.
        Bien, sans enregistrement. / Comment vous appelez-vous ? / Pourquoi appelez-vous ?
        Je vous envoie une confirmation. / Pardon. / Votre message est arrivé. / Nous sommes là aussi la nuit.
        C'est un jour férié. / Est-ce réglé ? / Bienvenue. / Vous avez bien fait d'appeler.
        C'est une joie de vous entendre. / Bonne journée. / Au plus tard {time}.
    """,
    "es": """
        Buenos días, {name}. / Hasta pronto. / Llamamos lo antes posible, {time}.
        Pulse 1 para hablar con Luca. / Pulse 4 para esperar a Ana. / Ana estará libre en unos {estimate}.
        Siento que dure tanto. / Abrimos {time}. / Si no pulsa nada, le paso con Luca. / Gracias por llamar.
        Ahora están todos hablando. / Ahora estamos cerrados. / Deje el mensaje después de la señal.
        No lo he entendido. / Unos {estimate} más. / Hace un momento estaba libre.
        Se cortó la línea, pero conserva su sitio. / Alguien le llama {time}. / De acuerdo, no grabamos.
        Perdone. / ¿Cómo se llama? / ¿Por qué llama? / Le envío una confirmación. / Su mensaje ha llegado.
        Bienvenida. / También estamos de noche. / Hoy es festivo. / ¿Está resuelto? / Ha hecho bien en llamar.
        Qué gusto oírle. / Le guardamos el sitio. / Buenas tardes.
    """,
}


def each(text: str) -> list[str]:
    return [one.strip() for one in re.split(r" / |\n", text.strip())]


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_nobody_wants_to_hear_is_told(code: str) -> None:
    assert [worn for worn in each(WORN[code]) if not list(blemishes(worn, code))] == []


@pytest.mark.parametrize(
    "wording",
    [
        "una due tre quattro cinque sei sette otto nove dieci " * 2 + "ventuno",
        "Prema 2 per una richiamata " + "molto " * 9 + "tardi, prema 3 per lasciare un messaggio.",
        "Prema 1 per a. Prema 2 per b. Prema 3 per c. Prema 4 per d.",
    ],
)
def test_what_is_too_much_for_an_ear_is_told(wording: str) -> None:
    assert list(blemishes(wording, "it"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_said_well_is_left_alone(code: str) -> None:
    assert [sound for sound in each(SOUND[code]) if list(blemishes(sound, code))] == []
    assert list(blemishes("parola " * 20, code)) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_thirty_of_each_kind_are_tried_in_each_language(code: str) -> None:
    for of in (WORN, SOUND):
        assert len(each(of[code])) >= 30


@pytest.mark.parametrize(
    ("code", "wording"),
    [
        ("it", "non [prema|premi] 2 per una richiamata"),
        ("it", "mai e poi [mai prema|mai premi] 2"),
        ("en", "do not press 2"),
        ("en", "Don't press 2, that is for a call back"),
        ("en", "never ever press 2"),
        ("de", "[drücken Sie|drück] 2 nicht"),
        ("de", "nicht [drücken Sie|drück] 2"),
        ("fr", "ne [tapez|tape] 2 jamais"),
        ("es", "no [pulse|pulsa] 2"),
    ],
)
def test_a_key_that_is_not_to_be_pressed_is_announced_by_nobody(code: str, wording: str) -> None:
    assert list(faults("key_callback", wording, code)) == ["A key is named to be pressed, not to be left alone."]


def test_a_sentence_is_as_long_as_what_stands_in_its_slots() -> None:
    """The day and the hour are five words."""
    assert list(blemishes("parola " * 16 + "{time}", "it"))
    assert list(blemishes("parola " * 15 + "{time}", "it")) == []


def test_findings_name_their_place_in_the_plan() -> None:
    phrases = {"it": {"greet": ["Ciao, {name}.", "Ciao!"], "bye": ["Purtroppo è tutto."]}, "xx": {"greet": ["{name}"]}}
    assert [found.where for found in faults_of(phrases)] == ["phrases.it.greet[1]", "phrases.xx.greet[0]"]
    assert [found.where for found in blemishes_of(phrases)] == ["phrases.it.bye[0]"]


@pytest.mark.parametrize(
    ("key", "wording"),
    [("greet", "Ciao, {name}."), ("key_message", "premi 3"), ("closed", "A {time}."), ("bye", "Via.")],
)
def test_no_wording_is_found_fault_with_without_a_reason(key: str, wording: str) -> None:
    assert list(faults_of({"it-IT": {key: [wording]}})) == []


def test_the_command_tells_where_and_fails() -> None:
    code = (
        "import runpy, ivr.catalogue as c; read = c.entries\n"
        "bad = lambda e: type(e)('bye', 'Purtroppo.', e.file, e.line) if e.key == 'bye' else e\n"
        "c.entries = lambda code: map(bad, read(code))\n"
        "runpy.run_module('ivr.lint', run_name='__main__')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "it/LC_MESSAGES/parting.po:" in told.stdout
