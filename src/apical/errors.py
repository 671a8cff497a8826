"""What apical raises for a user's mistake; the command line prints it without a traceback."""


class ApicalError(Exception):
    """Names the thing, the demand, what was found, and what to do next."""


class UsageError(ApicalError):
    """A wrong or impossible combination of options (exit code 2)."""


class DataError(ApicalError):
    """A data set that is missing, damaged or not what was asked for (exit code 1)."""


class WriteError(ApicalError):
    """A file that cannot be written, as on a full or read-only disk (exit code 1)."""


class DivergenceError(ApicalError):
    """Training met values that are not finite (exit code 1)."""
