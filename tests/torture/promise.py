"""What a command promises, read off its end."""

import re
import signal

from tests.torture.sandbox import Ended

SLOW = re.compile(
    r"^E\d{4} [^\n]*slow_operation_alarm.*?attach the results\.\n", re.MULTILINE | re.DOTALL
)
"""What XLA says where the machine is so busy that compiling a program takes it a second or more."""
SILENT = "fails without a word on stderr"
MANY_LINES = 16
"""Lines of an error message that nobody reads to the end; tyro puts a box around its own."""


def broken(ended: Ended, room: int = MANY_LINES) -> list[str]:
    """The promises that the end of a command breaks: a few words for each.

    `room`: lines that an error may have, for what was said to the command and is repeated.
    """
    found = list(ended.faults)
    killed, err = ended.code < 0, SLOW.sub("", ended.err)
    if re.search(r"Traceback \(most recent|Exception ignored in", err + ended.out):
        found.append("traceback")
    elif not killed and re.search(r"^\S+:\d+: \w*Warning: ", err, re.MULTILINE):
        found.append("warning")
    elif re.search(r"^[WEF]\d{4} \d\d:", err, re.MULTILINE):
        found.append("log of a library")
    if killed and -ended.code not in ended.sent:
        found.append(f"ended by {signal.Signals(-ended.code).name}")
    if not killed and ended.code not in (0, 1, 2, 130):
        found.append(f"exit code {ended.code}")
    if ended.code == 130 and signal.SIGINT not in ended.sent:
        found.append("exit code 130 without Ctrl-C")
    if ended.code > 0 and not err.strip():
        found.append(SILENT)
    if ended.code > 0 and not found and len(err.splitlines()) > room:
        found.append("too many words")
    notes = [line for line in err.splitlines() if not line.startswith("apical: ")]
    if ended.code == 0 and not found and notes:
        found.append("words on stderr, though all is well")
    return found
