"""What people say of themselves, and around their name, a file per language.

Phrases stand between bars.  GREETINGS and ASSENTS are what may stand before anything, POLITE what may stand behind it.
SURE leads nobody but to their own name; WEAK leads to anything at all.  GRAMMAR and RELATIONS are words that stand in
no name, MATTERS are what somebody calls about, COMMON are words that a surname may be, but hardly alone.
WRONG is what somebody else says who answers or calls from there, a clause of its own; NO_LONGER and BEHALF lead to the
name of whom we took them for; THEIR is whose relation they say they are, and ME whom somebody else did something to.
AGAIN is what they say who have not heard or understood the question.  `given.py` holds first names that are nothing
else.  YES, NO and UNSURE are whole answers to a question that has a yes and a no, where the single words mislead.
"""
