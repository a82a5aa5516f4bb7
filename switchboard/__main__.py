"""`python -m switchboard` is the command `centralino`."""

from switchboard.cli import main

main()
