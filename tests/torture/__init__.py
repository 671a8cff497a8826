"""A machine that checks what the command promises to whoever uses it.

The promise: a mistake is told in words, a run that is killed goes on as if nothing had been, and a
file that is damaged is named. `command_lines` tries random command lines, `kills` ends commands at
random moments and compares what they leave with an undisturbed twin, `damage` spoils files before
they are read. `make torture MINUTES=120` runs all three; findings fail it.
"""
