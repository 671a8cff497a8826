"""What both PyTorch peers share: settings, tensors, the optimizer, the untimed loss."""

import numpy as np
import torch
from job import LEARNING_RATE, Job
from torch.nn import functional as F


class Data:
    """Images as one float tensor in memory, as a PyTorch user in a hurry would hold them: no DataLoader."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.x = torch.from_numpy(arrays["images"].astype(np.float32) / 255)
        self.y = torch.from_numpy(arrays["labels"].astype(np.int64))
        self.order = torch.from_numpy(arrays["order"].astype(np.int64))


def apply_settings(job: Job) -> None:
    """Threads, and denormals: Adam's first moments of rarely lit pixels decay into them."""
    torch.set_num_threads(job.settings["threads"])
    torch.set_flush_denormal(job.settings["flush_denormal"])


def adam(parameters, job: Job) -> torch.optim.Adam:
    """`fused` (CPU since torch 2.4) is the fastest in every setting tried, `default` what most people write."""
    options = {"default": {}, "fused": {"fused": True}}[job.settings["adam"]]
    return torch.optim.Adam(parameters, lr=LEARNING_RATE, **options)


def weight(arrays: dict[str, np.ndarray], name: str) -> torch.Tensor:
    """A matrix in PyTorch's (out, in) layout."""
    return torch.from_numpy(np.ascontiguousarray(arrays[name].T))


def load_linear(linear: torch.nn.Linear, arrays: dict[str, np.ndarray], layer: int) -> None:
    with torch.no_grad():
        linear.weight.copy_(weight(arrays, f"W{layer}"))
        linear.bias.copy_(torch.from_numpy(arrays[f"b{layer}"]))


@torch.no_grad()
def mean_loss(data: Data, parameters) -> float:
    """Mean cross-entropy over all training images; `parameters` is W0, b0, W1, b1, W2, b2."""
    W0, b0, W1, b1, W2, b2 = parameters
    h = torch.tanh(F.linear(data.x, W0, b0))
    h = torch.tanh(F.linear(h, W1, b1))
    return F.cross_entropy(F.linear(h, W2, b2), data.y).item()
