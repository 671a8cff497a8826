"""What the commands share: how a command line is read, options, and what the console shows."""
