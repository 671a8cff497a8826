"""Peer: BioTorch 0.0.16, its `BioModule` around an ordinary nn.Sequential, used as its README says.

The loop is its own trainer's without the meters, the accuracies and the DataLoader. Its feedback weights
are overwritten with ours, so that its loss can be compared; that changes no work it does.
"""

import contextlib
import io
import json
import warnings

import torch
from common import Data, adam, apply_settings, load_linear, mean_loss, weight
from job import BATCH, SIZES, Job, measure
from torch import nn
from torch.nn import functional as F

MODES = {"bp": "backpropagation", "fa": "fa", "dfa": "dfa"}


def build(job: Job, arrays: dict) -> nn.Module:
    from biotorch.module.biomodule import BioModule

    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
        linear = nn.Linear(fan_in, fan_out)
        load_linear(linear, arrays, layer)
        layers += [linear, nn.Tanh()]
    with contextlib.redirect_stdout(io.StringIO()):  # it reports each conversion on stdout
        model = BioModule(nn.Sequential(*layers[:-1]), mode=MODES[job.rule], output_dim=SIZES[-1])
    linears = [m for m in model.module if isinstance(m, nn.Linear)]
    with torch.no_grad():
        for layer, linear in enumerate(linears[1:], start=1):
            if job.rule == "fa":
                linear.weight_backward.copy_(weight(arrays, f"B{layer}"))
            if (
                job.rule == "dfa"
            ):  # (output_dim, in_features): what replaces the gradient of its input
                linear.weight_backward.copy_(torch.from_numpy(arrays[f"D{layer - 1}"]))
    return model


def main() -> None:
    job, arrays = Job.from_command_line()
    apply_settings(job)
    data = Data(arrays)
    model = build(job, arrays)
    # Only the trainable ones: it also registers its feedback weights as parameters.
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = adam(parameters, job)
    model.train()

    def train_epoch(epoch: int) -> None:
        for rows in data.order[epoch].split(BATCH):
            x, y = data.x[rows], data.y[rows]
            output = model(x, y, F.cross_entropy) if job.rule == "dfa" else model(x)
            loss = F.cross_entropy(output, y)
            model.zero_grad()
            loss.backward()
            optimizer.step()

    with warnings.catch_warnings(record=True) as caught:  # passed on in the result, not hidden
        warnings.simplefilter("default")
        result = measure(job, train_epoch, lambda: mean_loss(data, parameters))
    result["warnings"] = sorted({str(w.message).split(". ")[0] for w in caught})
    print(json.dumps(result))


main()
