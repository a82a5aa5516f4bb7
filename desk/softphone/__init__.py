"""The agent's desk page and its telephone: what they are doing, the call in hand, and what happens when a line is lost.

What is said of a call stands in the API; a browser's sound is the Voice SDK's, in static/softphone.  Here is what lies
between: who of several windows is the telephone, what ends with a window that is closed, and what the page shows.
"""
