"""Learning deep networks without, or with less of, backpropagation.

Each import below is carried out when its name is first used, so that `apical --help` does not wait
for JAX; type checkers see them all. Every rule that `apical.rules` imports is here too.
"""

import ast
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from apical import (
        adversarial as adversarial,
        audit as audit,
        cli as cli,
        comparison as comparison,
        data as data,
        diagnostics as diagnostics,
        errors as errors,
        export as export,
        feedback as feedback,
        generative as generative,
        jobs as jobs,
        measurements as measurements,
        networks as networks,
        page as page,
        papers as papers,
        report as report,
        reproduce as reproduce,
        rules as rules,
        runs as runs,
        settings as settings,
        sklearn as sklearn,
        testing as testing,
        training as training,
        tuning as tuning,
        values as values,
    )
    from apical.comparison import Comparison as Comparison, compare as compare
    from apical.comparison.budgets import (
        Budget as Budget,
        Epochs as Epochs,
        Examples as Examples,
        Seconds as Seconds,
        Updates as Updates,
    )
    from apical.data import Dataset as Dataset, from_arrays as from_arrays, load as load
    from apical.errors import (
        ApicalError as ApicalError,
        DataError as DataError,
        DivergenceError as DivergenceError,
        UsageError as UsageError,
        WriteError as WriteError,
    )
    from apical.feedback import (
        BRSF as BRSF,
        FRSF as FRSF,
        USF as USF,
        FixedRandom as FixedRandom,
        SignSymmetric as SignSymmetric,
        Transpose as Transpose,
    )
    from apical.feedback.feedback import Transport as Transport
    from apical.generative import (
        IteratedTargetProp as IteratedTargetProp,
        TargetAutoencoder as TargetAutoencoder,
    )
    from apical.generative.encoder_of import EncoderOf as EncoderOf
    from apical.networks.network import Network as Network, Record as Record
    from apical.rules import *
    from apical.rules import RULES as RULES
    from apical.rules.rule import Traits as Traits
    from apical.settings import Settings as Settings
    from apical.training import Result as Result, fit as fit
    from apical.training.listeners import (
        CSV as CSV,
        ListenerSpec as ListenerSpec,
        MLflow as MLflow,
        TensorBoard as TensorBoard,
        WandB as WandB,
    )
    from apical.training.model import Model as Model
    from apical.training.reload import load_model as load_model
    from apical.tuning import Found as Found, search as search
    from apical.values.ranges import Choice as Choice, Linear as Linear, Log as Log, Whole as Whole


def _imported(path: Path) -> dict[str, str]:
    """What a file imports from the package, and from which module."""
    imports = (
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)
    )
    return {
        alias.name: node.module
        for node in imports
        if node.module and node.module.startswith("apical")
        for alias in node.names
    }


_RULES = dict.fromkeys(_imported(Path(__file__).parent / "rules" / "__init__.py"), "apical.rules")
_HOME = {name: home for name, home in _imported(Path(__file__)).items() if name != "*"} | _RULES

__all__ = sorted(name for name, home in _HOME.items() if home != "apical")


if not TYPE_CHECKING:  # to a type checker, a name that is not imported above does not exist

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return version("apical")
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'apical' has no attribute {name!r}")
        if home == "apical":
            return import_module(f"apical.{name}")
        return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
