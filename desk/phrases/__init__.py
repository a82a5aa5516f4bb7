"""`/console/phrases`: what callers hear in each situation, ours and the house's own, heard and linted as one writes.

`situations`, `marks`, `own` and `findings` are pure.  `hearing` asks the API how words sound to somebody invented;
`pages` answers browsers, and `publishing` makes the draft the plan.  Own words are kept in the draft of the plan.
"""
