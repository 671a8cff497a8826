"""Listeners that write what a run measures elsewhere; each registers itself by being imported."""

from apical.training.listeners.csv_file import CSV
from apical.training.listeners.mlflow_runs import MLflow
from apical.training.listeners.spec import ListenerSpec
from apical.training.listeners.tensorboard import TensorBoard
from apical.training.listeners.weights_and_biases import WandB

__all__ = ["CSV", "ListenerSpec", "MLflow", "TensorBoard", "WandB"]
