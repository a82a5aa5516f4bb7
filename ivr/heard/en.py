"""English."""

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
ONES = [*_ONES.split(), "seventeen", "eighteen", "nineteen"]
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}
NUMBERS: dict[str, int] = {word: n for n, word in enumerate(ONES)}
for _ten, _word in TENS.items():
    NUMBERS[_word] = _ten
    for _n in range(1, 10):
        NUMBERS[f"{_word} {ONES[_n]}"] = _ten + _n

_FIRST = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
ORDINALS = [*_FIRST.split(), "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"]

MARKS: dict[str, str] = {
    "at": "at|around|about|by|from",
    "between": "between",
    "in": "in|within",
    "later": "from now",
    "and": "and",
    "to": "to|till|before",
    "past": "past|after",
    "oh": "oh|o",
    "half": "half|half a|half an",
    "half hour": "half an hour|half hour",
    "n1 and half hour": "one and a half hours|an hour and a half|one hour and a half",
    "n2 and half hour": "two and a half hours",
    "quarter": "quarter|a quarter",
    "quarter hour": "quarter of an hour|a quarter of an hour",
    "threequarters hour": "three quarters of an hour",
    "hour": "hour|hours",
    "n1 hour": "an hour",
    "minute": "minute|minutes",
    "n1 minute": "a minute",
    "days": "day|days",
    "weeks": "week|weeks",
    "n1 weeks": "a week",
    "oclock": "o clock|oclock|sharp",
    "noon": "noon|midday",
    "midnight": "midnight",
    "d0": "today",
    "d1": "tomorrow",
    "d2": "day after tomorrow|the day after tomorrow",
    "d0 morning": "this morning",
    "d0 afternoon": "this afternoon",
    "d0 evening": "this evening|tonight",
    "w0": "monday",
    "w1": "tuesday",
    "w2": "wednesday",
    "w3": "thursday",
    "w4": "friday",
    "w5": "saturday",
    "w6": "sunday",
    "next": "next|coming",
    "nextweek": "next week|of next week|week after",
    "am": "am|a m",
    "pm": "pm|p m",
    "morning": "morning|in the morning|mornings",
    "lunch": "lunchtime|lunch|lunch time|lunch break",
    "afternoon": "afternoon|in the afternoon",
    "evening": "evening|in the evening|at night",
    "m1": "january",
    "m2": "february",
    "m3": "march",
    "m4": "april",
    "m5": "may",
    "m6": "june",
    "m7": "july",
    "m8": "august",
    "m9": "september",
    "m10": "october",
    "m11": "november",
    "m12": "december",
    "soon": "now|right now|straight away|right away|immediately|as soon as possible|as soon as you can|asap",
    "yes": "yes|yeah|yep|right|correct|that s right|ok|okay",
    "no": "no|nope|wrong",
    "instead": "actually|rather|i mean|sorry|or rather|better",
    "not": "not|except",
    "cannot": "can t do|cannot do|can t|cannot|won t do|doesn t work|does not work|is no good",
    "ago": "ago|since",
    "": "the|a|an|of|on|um|uh|er|please|thanks|thank you|call|call me|me|back|ring|ring me|maybe|say|let s say|"
    "how about|could you|can you|i d like|would|be|fine|good|it|is|that|for",
} | {f"o{n}": word for n, word in enumerate(ORDINALS, 1)}
for _n in range(1, 10):
    MARKS[f"o{20 + _n}"] = f"twenty {ORDINALS[_n - 1]}"
MARKS |= {"o30": "thirtieth", "o31": "thirty first"}
