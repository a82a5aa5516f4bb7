"""The managers' rules, written without JSON: a draft of the plan, tried before it is published, and its history.

`fields` and `values` are the plan's figures as inputs; `weeks`, `conditions` and `effects` read and write what has a
form of its own; `sentences`, `changes` and `merging` say what a plan means and what two of them differ in.  All of
these are pure.  `drafts` keeps what is being written; `views` gathers what a page shows, and `pages`, `publishing`,
`trying` and `replaying` answer browsers.
"""
