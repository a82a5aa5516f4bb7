"""Italian."""

_ONES = "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici"
ONES = [*_ONES.split(), "diciassette", "diciotto", "diciannove"]
TENS = {20: "venti", 30: "trenta", 40: "quaranta", 50: "cinquanta"}
NUMBERS: dict[str, int] = {word: n for n, word in enumerate(ONES)} | {"un": 1, "una": 1}
for _ten, _word in TENS.items():
    NUMBERS[_word] = _ten
    for _n in range(1, 10):
        stem = _word[:-1] if _n in (1, 8) else _word  # ventuno, ventotto
        NUMBERS[stem + ONES[_n]] = _ten + _n
        if _n == 3:
            NUMBERS[_word + "tré"] = _ten + 3

MARKS: dict[str, str] = {
    "at": "alle|alla|all|le|alle ore|verso le|verso l|dalle|delle|entro le|per le|dopo le|intorno alle|prima delle",
    "at n1": "all una|l una|verso l una|dopo l una",
    "between": "tra le|fra le",
    "the": "il|l|il giorno|per il",
    "in": "tra|fra|in",
    "y": "e",
    "minus": "meno",
    "half": "mezza|mezzo|mezz",
    "quarter": "un quarto|quarto",
    "threequarters": "tre quarti",
    "hour": "ora|ore",
    "quarter hour": "quarto d ora|un quarto d ora",
    "threequarters hour": "tre quarti d ora",
    "minute": "minuti|minuto",
    "days": "giorni|giorno",
    "weeks": "settimana|settimane",
    "oclock": "in punto",
    "noon": "mezzogiorno",
    "midnight": "mezzanotte",
    "d0": "oggi",
    "d1": "domani",
    "d2": "dopodomani|dopo domani",
    "d0 morning": "stamattina|stamani|questa mattina",
    "d1 morning": "domattina",
    "d0 evening": "stasera|questa sera",
    "d0 afternoon": "questo pomeriggio",
    "w0": "lunedì",
    "w1": "martedì",
    "w2": "mercoledì",
    "w3": "giovedì",
    "w4": "venerdì",
    "w5": "sabato",
    "w6": "domenica",
    "next": "prossimo|prossima",
    "nextweek": "settimana prossima|prossima settimana|settimana che viene|della prossima settimana|"
    "la settimana prossima|la prossima settimana|della settimana prossima",
    "morning": "mattina|mattino|di mattina|del mattino|in mattinata|mattinata",
    "lunch": "ora di pranzo|all ora di pranzo|pranzo|pausa pranzo|in pausa pranzo",
    "afternoon": "pomeriggio|di pomeriggio|del pomeriggio|nel pomeriggio",
    "evening": "sera|di sera|della sera|in serata|serata",
    "o1": "primo",
    "m1": "gennaio",
    "m2": "febbraio",
    "m3": "marzo",
    "m4": "aprile",
    "m5": "maggio",
    "m6": "giugno",
    "m7": "luglio",
    "m8": "agosto",
    "m9": "settembre",
    "m10": "ottobre",
    "m11": "novembre",
    "m12": "dicembre",
    "soon": "subito|adesso|appena possibile|appena potete|il prima possibile|prima possibile|quanto prima",
    "yes": "sì|si|giusto|esatto|va bene|corretto|certo|ok",
    "no": "no|sbagliato",
    "instead": "anzi|o meglio|scusi|scusa|piuttosto",
    "not": "non|tranne|eccetto",
    "cannot": "non posso|non va|non va bene|non ci sono",
    "ago": "fa",
    "": "di|del|d|ehm|eh|mah|beh|per favore|grazie|circa|verso|facciamo|direi|vorrei|magari|per|a|allora|mi|chiami|"
    "chiamate|chiamatemi|mi chiami|richiamatemi|mi richiami|potete|può|richiamarmi|chiamarmi|meglio",
}
