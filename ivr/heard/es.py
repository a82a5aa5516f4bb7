"""Spanish."""

_ONES = "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
ONES = [*_ONES.split(), "dieciséis", "diecisiete", "dieciocho", "diecinueve"]
TWENTIES = (
    "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
TENS = {30: "treinta", 40: "cuarenta", 50: "cincuenta"}
NUMBERS: dict[str, int] = {word: n for n, word in enumerate([*ONES, *TWENTIES.split()])}
NUMBERS |= {"un": 1, "una": 1, "veintiuna": 21, "veintiún": 21}
for _ten, _word in TENS.items():
    NUMBERS[_word] = _ten
    for _n in range(1, 10):
        NUMBERS[f"{_word} y {ONES[_n]}"] = _ten + _n

MARKS: dict[str, str] = {
    "at": "a las|a la|las|a eso de las|a eso de la|sobre las|sobre la|hacia las|hacia la|después de las|antes de las|"
    "desde las|para las|alrededor de las|la",
    "between": "entre|entre las|entre la",
    "the": "el|el día|para el",
    "in": "en|dentro de|de aquí a",
    "y": "y|con",
    "minus": "menos",
    "half": "media",
    "half hour": "media hora",
    "n1 and half hour": "hora y media|una hora y media",
    "quarter": "cuarto|un cuarto",
    "threequarters": "tres cuartos",
    "quarter hour": "cuarto de hora|un cuarto de hora",
    "threequarters hour": "tres cuartos de hora",
    "hour": "hora|horas",
    "minute": "minuto|minutos",
    "days": "días|día",
    "weeks": "semana|semanas",
    "oclock": "en punto",
    "noon": "mediodía|al mediodía|medio día",
    "midnight": "medianoche|media noche",
    "d0": "hoy",
    "d1": "mañana",
    "d2": "pasado mañana",
    "d0 morning": "esta mañana",
    "d0 afternoon": "esta tarde",
    "d0 evening": "esta noche",
    "w0": "lunes",
    "w1": "martes",
    "w2": "miércoles",
    "w3": "jueves",
    "w4": "viernes",
    "w5": "sábado",
    "w6": "domingo",
    "next": "próximo|próxima|que viene",
    "nextweek": "semana que viene|próxima semana|semana próxima|la semana que viene|la próxima semana|"
    "de la semana que viene|de la próxima semana",
    "morning": "por la mañana|de la mañana|en la mañana|a la mañana|la mañana",
    "lunch": "a la hora de comer|hora de comer|al mediodía comiendo",
    "afternoon": "tarde|por la tarde|de la tarde|en la tarde|a la tarde|la tarde",
    "evening": "noche|por la noche|de la noche|en la noche|a la noche",
    "o1": "primero",
    "m1": "enero",
    "m2": "febrero",
    "m3": "marzo",
    "m4": "abril",
    "m5": "mayo",
    "m6": "junio",
    "m7": "julio",
    "m8": "agosto",
    "m9": "septiembre|setiembre",
    "m10": "octubre",
    "m11": "noviembre",
    "m12": "diciembre",
    "soon": "ahora|ahora mismo|ya|lo antes posible|cuanto antes|en cuanto puedan|enseguida",
    "yes": "sí|si|correcto|exacto|eso es|vale|de acuerdo|ok",
    "no": "no|incorrecto|mal",
    "instead": "mejor|mejor dicho|perdón|digo|o mejor",
    "not": "excepto|salvo",
    "cannot": "no puedo|no me va bien|no me viene bien",
    "ago": "hace|llevo",
    "": "de|del|eh|pues|por favor|gracias|quizá|quizás|quisiera|me|llámeme|llámenme|llamen|llame|puede|pueden|llamarme|"
    "más o menos|digamos|bueno|entonces|a",
}
