"""The same loops in eager PyTorch, with the gradients of one layer written out, denormals flushed.

python torch_side.py epoch|samples ARRAYS.npz
"""

import json
import sys

import numpy as np
import torch
from torch.nn import functional as F
from work import (
    ALPHA,
    AT_ONCE,
    CHECKED,
    DELTA,
    MINIBATCHES,
    NOISE,
    RATES,
    ROUND_ALPHA,
    ROUNDS,
    SAMPLES,
    SIZES,
    STEPS,
    read,
    timed,
)


class Map:
    """s(x W^T + b)."""

    def __init__(self, weight, activation):
        self.W, self.b = torch.tensor(weight), torch.zeros(len(weight))
        self.s, self.slope = {
            "softplus": (F.softplus, torch.sigmoid),
            "sigmoid": (torch.sigmoid, lambda a: torch.sigmoid(a) * torch.sigmoid(-a)),
        }[activation]

    def __call__(self, x):
        return self.s(torch.addmm(self.b, x, self.W.T))

    def learn(self, reads, target, rate):
        """A step down half the squared error, averaged over the batch."""
        a = torch.addmm(self.b, reads, self.W.T)
        d = (self.s(a) - target) * self.slope(a)
        self.W.addmm_(d.T, reads, alpha=-rate / len(reads))
        self.b.sub_(d.mean(0), alpha=rate)


def maps(file):
    f, g, x = read(file)
    encoders = Map(f[0], "softplus"), Map(f[1], "sigmoid")
    return encoders, (Map(g[0], "sigmoid"), Map(g[1], "softplus")), torch.tensor(x)


def infer(f, g, x, alpha):
    read = f[0](x)
    h1, h2 = read, f[1](read)
    for _ in range(STEPS):
        h2 = h2 + DELTA * (f[1](h1) - f[1](g[1](h2)))
        h1 = h1 + DELTA * (read - f[0](g[0](h1))) + alpha * (g[1](h2) - h1)
    return h1, h2


def train(f, g, batches, noise):
    for x in batches:
        h1, h2 = infer(f, g, x, ALPHA)
        up, down = (x, h1), (h1, h2)
        if noise:
            up = tuple(a + NOISE * torch.randn_like(a) for a in up)
            drawn = torch.bernoulli(h2.clamp(0, 1).expand(3, *h2.shape)).mean(0)
            down = (h1 + NOISE * torch.randn_like(h1), drawn)
        for l, target in enumerate((h1, h2)):
            f[l].learn(up[l], target, RATES["f"][l])
        for l, target in enumerate((x, h1)):
            g[l].learn(down[l], target, RATES["g"][l])


def epoch(file):
    f, g, x = maps(file)
    train(f, g, x[:CHECKED], noise=False)
    check = sum(float(m.W.abs().sum()) for m in (*f, *g))
    f, g, x = maps(file)
    return {"seconds": timed(lambda: train(f, g, x, noise=True), MINIBATCHES), "check": check}


def samples(file):
    f, g, _ = maps(file)
    tops = np.random.default_rng(0).random((SAMPLES // AT_ONCE, AT_ONCE, SIZES[2]), np.float32)

    def made():
        for h2 in torch.tensor(tops):
            x = g[0](g[1](h2))
            for _ in range(ROUNDS):
                x = g[0](infer(f, g, x, ROUND_ALPHA)[0])
            yield x

    check = float(sum(x.abs().sum() for x in made()))
    return {"seconds": timed(lambda: list(made()), 1, repeats=3), "check": check}


if __name__ == "__main__":
    torch.set_flush_denormal(True)
    with torch.inference_mode():
        print(json.dumps({"epoch": epoch, "samples": samples}[sys.argv[1]](sys.argv[2])))
