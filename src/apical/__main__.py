"""`python -m apical` is the `apical` command."""

from apical.cli.main import main

main()
