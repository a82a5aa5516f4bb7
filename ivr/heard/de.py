"""German."""

_ONES = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
ONES = [*_ONES.split(), "siebzehn", "achtzehn", "neunzehn"]
TENS = {20: "zwanzig", 30: "dreißig", 40: "vierzig", 50: "fünfzig"}
NUMBERS: dict[str, int] = {word: n for n, word in enumerate(ONES)}
NUMBERS |= dict.fromkeys(("ein", "eine", "einer", "einem", "einen"), 1) | {"zwo": 2}
for _ten, _word in TENS.items():
    NUMBERS[_word] = _ten
    for _n in range(1, 10):
        NUMBERS[("ein" if _n == 1 else ONES[_n]) + "und" + _word] = _ten + _n

DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
PARTS = {"morning": ("morgen", "vormittag", "früh"), "afternoon": ("nachmittag",), "evening": ("abend",)}
IRREGULAR = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}

MARKS: dict[str, str] = {
    "at": "um|gegen|ab|so gegen|bis",
    "between": "zwischen",
    "the": "am|den|der",
    "in": "in",
    "and": "und",
    "to": "vor",
    "past": "nach",
    "halfto": "halb",
    "half hour": "halbe stunde|halben stunde|einer halben stunde|eine halbe stunde",
    "n1 and half hour": "anderthalb stunden|eineinhalb stunden",
    "n2 and half hour": "zweieinhalb stunden",
    "quarter": "viertel",
    "threequarters": "dreiviertel|drei viertel",
    "quarter hour": "viertelstunde|einer viertelstunde|viertel stunde",
    "threequarters hour": "dreiviertelstunde|einer dreiviertelstunde",
    "hour": "stunde|stunden",
    "minute": "minute|minuten",
    "days": "tag|tage|tagen",
    "weeks": "woche|wochen",
    "oclock": "uhr",
    "midnight": "mitternacht",
    "d0": "heute",
    "d1": "morgen",
    "d2": "übermorgen",
    "d0 morning": "heute morgen|heute früh|heute vormittag",
    "d1 morning": "morgen früh|morgen vormittag",
    "d0 evening": "heute abend",
    "d0 afternoon": "heute nachmittag",
    "w5": "sonnabend",
    "next": "nächsten|nächster|nächste|kommenden|kommender|kommende",
    "nextweek": "nächste woche|nächster woche|kommende woche|in der nächsten woche",
    "morning": "vormittag|vormittags|morgens|früh|in der früh|am morgen|am vormittag|des morgens",
    "lunch": "mittag|mittags|mittagspause|mittagszeit|am mittag|in der mittagspause",
    "afternoon": "nachmittag|nachmittags|am nachmittag",
    "evening": "abend|abends|am abend",
    "m1": "januar|jänner",
    "m2": "februar|feber",
    "m3": "märz",
    "m4": "april",
    "m5": "mai",
    "m6": "juni|juno",
    "m7": "juli",
    "m8": "august",
    "m9": "september",
    "m10": "oktober",
    "m11": "november",
    "m12": "dezember",
    "soon": "jetzt|sofort|gleich|so bald wie möglich|sobald wie möglich|möglichst bald|so schnell wie möglich",
    "yes": "ja|genau|richtig|stimmt|ok|okay",
    "no": "nein|falsch",
    "instead": "lieber|eher|besser|quatsch|entschuldigung|moment",
    "not": "außer",
    "cannot": "nicht|kann ich nicht|geht nicht|geht es nicht",
    "ago": "seit",
    "": "äh|ähm|bitte|danke|ungefähr|etwa|vielleicht|sagen wir|ich|möchte|würde|gern|gerne|mich|rufen|sie|an|zurück|"
    "ruf|es|ginge|geht|passt|mir|für|also|dann|kurz|so",
}
for _place, _day in enumerate(DAYS):
    MARKS[f"w{_place}"] = "|".join(filter(None, (MARKS.get(f"w{_place}"), _day, f"{_day}s")))
    for _part, _words in PARTS.items():
        MARKS[f"w{_place} {_part}"] = "|".join(f"{_day}{gap}{word}" for word in _words for gap in ("", " "))
for _n in range(1, 32):
    _stem = IRREGULAR.get(_n) or next(w for w, n in NUMBERS.items() if n == _n) + ("t" if _n < 20 else "st")
    MARKS[f"o{_n}"] = f"{_stem}en|{_stem}e|{_stem}er"
