"""What `--listen` spells: a value that makes the listener of a run."""

from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from apical.errors import ApicalError, UsageError, short
from apical.training.events import Listener
from apical.values.value import Value, read


class ListenerSpec(Value):
    """A listener with what it is made of. One of your own is a subclass in any file of yours.

    !!! example

        >>> class Printer(ListenerSpec):
        ...     '''Prints what it hears: `printer`.'''
        ...
        ...     def create(self, out):
        ...         return lambda event: print(type(event).__name__)
        >>> import apical
        >>> result = apical.fit("bp", "digits", hidden=(8,), epochs=1, listeners=["printer"])
        Started
        Epoch
        Epoch
        Measuring
        Finished
    """

    name = "listener"

    @abstractmethod
    def create(self, out: Path | None) -> Listener:
        """The listener of a run in the folder `out`; None: it has none.

        Raises `UsageError` for what it cannot do.
        """


Listening: TypeAlias = Listener | ListenerSpec | str
"""A listener as `fit` takes it: anything to be called, a value that makes one, or its spelling."""


def listener_of(given: Listening, position: int, out: Path | None) -> Listener:
    """The listener that is meant. Raises `UsageError` for what is none."""
    what = f"listeners[{position}]"
    if callable(given) and not isinstance(given, type):
        return given
    if isinstance(given, type) and not issubclass(given, ListenerSpec):
        raise UsageError(
            f"{what}: must be called with events, and {given.__name__} is a class; make one of it, "
            f"as in {given.__name__}()"
        )
    if not isinstance(given, str | type | ListenerSpec):
        raise UsageError(
            f"{what}: must be a function of an event, or the spelling of a listener as "
            f"csv:FILE, got {short(given)}"
        )
    spec: ListenerSpec = read(ListenerSpec, given, what)
    try:
        return spec.create(out)
    except ApicalError:
        raise
    except Exception as error:  # of a user's own file
        raise UsageError(
            f"{what}: {type(spec).__name__} could not be made ({type(error).__name__}: {error}); "
            "mend it or leave it out"
        ) from error


def needs(module: str, extra: str) -> None:
    """Raises `UsageError` if a module of an extra is not installed."""
    if find_spec(module) is None:
        raise UsageError(f"{extra}: {module} is not installed; pip install 'apical[{extra}]'")
