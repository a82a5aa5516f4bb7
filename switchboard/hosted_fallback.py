"""What callers hear while this server is away: a document that Twilio itself keeps, as a TwiML Bin.  Pure.

It needs nothing of ours to take a message: `<Record>` has no action, so Twilio asks the same document again, which by
its Mustache sections then says thank you.  The recording stays at Twilio, where reconciliation finds it.  Who says
nothing is sent back to us, which is the only step that can fail, and they are told so before.

A leg that we called ourselves, an agent's or that of a promised customer, comes with its first address as `Leg`: it is
begged for patience as long as a server takes to be started again, and led back there.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from ivr.document import LONGEST_MESSAGE_SECONDS
from ivr.phrases import VOICES, speakable, spoken_language

BACK = "/twilio/voice/wait"
RETRIES = "#rc=3&rp=all"  # a server that is just being started again is back within a few tries

WORDS: Mapping[str, Mapping[str, str]] = {
    "it": {
        "patience": "Un momento, per favore.",
        "away": "{company}. Ci scusiamo: in questo momento il nostro centralino non risponde, e non per colpa sua.",
        "message": "Dopo il segnale può lasciare un messaggio con il suo nome e il suo numero: lo ascolteremo e la "
        "richiameremo. Oppure resti in linea senza parlare.",
        "again": "Proviamo di nuovo. Se cade la linea, ci richiami più tardi.",
        "kept": "Grazie, il messaggio è registrato. Lo ascolteremo e la richiameremo. A presto.",
    },
    "en": {
        "patience": "One moment, please.",
        "away": "{company}. We are sorry: our telephone system is not answering just now, and it is not your fault.",
        "message": "After the tone you can leave a message with your name and number: we will listen to it and call "
        "you back. Or stay on the line without speaking.",
        "again": "We are trying again. If the line drops, please call us later.",
        "kept": "Thank you, your message is recorded. We will listen to it and call you back. Goodbye for now.",
    },
    "de": {
        "patience": "Einen Moment, bitte.",
        "away": "{company}. Es tut uns leid: Unsere Telefonanlage antwortet gerade nicht, und es liegt nicht an Ihnen.",
        "message": "Nach dem Signalton können Sie eine Nachricht mit Ihrem Namen und Ihrer Nummer hinterlassen: Wir "
        "hören sie an und rufen Sie zurück. Oder bleiben Sie in der Leitung, ohne zu sprechen.",
        "again": "Wir versuchen es noch einmal. Wenn die Leitung abbricht, rufen Sie uns bitte später an.",
        "kept": "Danke, Ihre Nachricht ist aufgezeichnet. Wir hören sie an und rufen Sie zurück. Bis bald.",
    },
    "fr": {
        "patience": "Un instant, s'il vous plaît.",
        "away": "{company}. Nous sommes désolés : notre standard ne répond pas en ce moment, et vous n'y êtes pour "
        "rien.",
        "message": "Après le signal, vous pouvez laisser un message avec votre nom et votre numéro : nous l'écouterons "
        "et nous vous rappellerons. Ou restez en ligne sans parler.",
        "again": "Nous essayons encore. Si la ligne est coupée, rappelez-nous plus tard.",
        "kept": "Merci, votre message est enregistré. Nous l'écouterons et nous vous rappellerons. À bientôt.",
    },
    "es": {
        "patience": "Un momento, por favor.",
        "away": "{company}. Lo sentimos: en este momento nuestra centralita no responde, y no es culpa suya.",
        "message": "Después de la señal puede dejar un mensaje con su nombre y su número: lo escucharemos y le "
        "llamaremos. O siga en línea sin hablar.",
        "again": "Lo intentamos de nuevo. Si se corta la línea, llámenos más tarde.",
        "kept": "Gracias, su mensaje está grabado. Lo escucharemos y le llamaremos. Hasta pronto.",
    },
}


def hosted_fallback(*, company: str, language: str, public_url: str) -> str:
    """The text to paste.  `{{…}}` is Mustache: filled in by Twilio from the parameters of its request.

    In comments, so that it is TwiML before it is filled in, too.
    """
    spoken = spoken_language(None, language)
    words = WORDS[spoken.split("-")[0]]
    name = speakable(company.replace("{", "").replace("}", ""), 80)

    def say(key: str) -> str:
        voice, text = quoteattr(VOICES[spoken]), escape(words[key].replace("{company}", name))
        return f'<Say voice={voice} language="{spoken}">{text}</Say>'

    patience = "\n  ".join(f'{say("patience")}\n  <Pause length="3"/>' for _ in range(3))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <!--{{{{#Leg}}}}-->
  {patience}
  <Redirect method="POST">{{{{Leg}}}}{escape(RETRIES)}</Redirect>
  <!--{{{{/Leg}}}}-->
  <!--{{{{^RecordingUrl}}}}-->
  {say("away")}
  {say("message")}
  <Record maxLength="{LONGEST_MESSAGE_SECONDS}" timeout="5" playBeep="true"/>
  {say("again")}
  <Pause length="2"/>
  <Redirect method="POST">{escape(public_url + BACK + RETRIES)}</Redirect>
  <!--{{{{/RecordingUrl}}}}-->
  <!--{{{{#RecordingUrl}}}}-->
  {say("kept")}
  <Hangup/>
  <!--{{{{/RecordingUrl}}}}-->
</Response>
"""
