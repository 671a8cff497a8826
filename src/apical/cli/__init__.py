"""The `apical` command: a module each subcommand, and what they share."""
