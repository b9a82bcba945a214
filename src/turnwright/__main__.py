"""`python -m turnwright`: the same as the `turnwright` command."""

from turnwright.cli import main

main()
