"""What people say of a day and an hour, a file per language, as `words` is what the house says.

MARKS turns what is heard into marks that are the same in every language (`marks.py` lists them); several phrases for
one stand beside each other, the longest that fits counts.  NUMBERS are the words for 0 to 59.
"""
