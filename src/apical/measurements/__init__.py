"""What a run may measure of a network and its updates besides the alignment, if it is asked for.

They are off unless `diagnose` names them, since they take time. Of an epoch of backpropagation on
MNIST with hidden layers of 500 and 500, on one CPU core, `saturation` takes 0.3 %, `effective-rank`
5 % and `gauss-newton` 22 %; the alignment, which is always there, takes 0.8 %
(`benchmarks/diagnostics`).
"""

from apical.measurements.effective_rank import EffectiveRank
from apical.measurements.gauss_newton import GaussNewton
from apical.measurements.measurement import Measurement
from apical.measurements.saturation import Saturation

__all__ = ["EffectiveRank", "GaussNewton", "Measurement", "Saturation"]
