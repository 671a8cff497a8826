"""What a command promises, read off its end."""

import re
import signal

from tests.torture.sandbox import Ended

SILENT = "fails without a word on stderr"
MANY_LINES = 16
"""Lines of an error message that nobody reads to the end; tyro puts a box around its own."""


def broken(ended: Ended, room: int = MANY_LINES) -> list[str]:
    """The promises that the end of a command breaks: a few words for each.

    `room`: lines that an error may have, for what was said to the command and is repeated.
    """
    found = list(ended.faults)
    killed = ended.code < 0
    if re.search(r"Traceback \(most recent|Exception ignored in", ended.err + ended.out):
        found.append("traceback")
    elif not killed and re.search(r"^\S+:\d+: \w*Warning: ", ended.err, re.MULTILINE):
        found.append("warning")
    elif re.search(r"^[WEF]\d{4} \d\d:", ended.err, re.MULTILINE):
        found.append("log of a library")
    if killed and -ended.code not in ended.sent:
        found.append(f"ended by {signal.Signals(-ended.code).name}")
    if not killed and ended.code not in (0, 1, 2, 130):
        found.append(f"exit code {ended.code}")
    if ended.code == 130 and signal.SIGINT not in ended.sent:
        found.append("exit code 130 without Ctrl-C")
    if ended.code > 0 and not ended.err.strip():
        found.append(SILENT)
    if ended.code > 0 and not found and len(ended.err.splitlines()) > room:
        found.append("too many words")
    notes = [line for line in ended.err.splitlines() if not line.startswith("apical: ")]
    if ended.code == 0 and not found and notes:
        found.append("words on stderr, though all is well")
    return found
