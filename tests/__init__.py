"""Settings that Python and JAX read when they start, in child processes too.

What they compile is kept for the next run. JAX's programs are tiny and run a few steps, so that
compiling them costs more than any optimization gains, and so does cutting them in parts that are
compiled side by side. The older of XLA's two emitters of code, which JAX 0.12 no longer has, needs
a third less time for them.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
flags = ["--xla_backend_optimization_level=0", "--xla_cpu_parallel_codegen_split_count=1"]
if version("jaxlib").startswith("0.10."):
    flags.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(flags))
