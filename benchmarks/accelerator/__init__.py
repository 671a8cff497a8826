"""Evidence made on a borrowed machine with an accelerator: see README.md."""
