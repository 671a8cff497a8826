"""The plain equations of a ghost-unit circuit in eager PyTorch, as one would write them first.

    python torch_side.py ARRAYS.npz mb|ma MINIBATCHES

Prints seconds a minibatch and the first-layer weights' checksum as JSON. One hidden layer, transpose
feedback, the settings of apical's recipes.
"""

import json
import sys
import time

import numpy as np
import torch

torch.set_num_threads(torch.get_num_threads())
torch.set_grad_enabled(False)


def phase(s, x, y, beta, rates, rate, steps):
    u1, u2, v, W1, W2, P, G = s
    eta, eta_to, eta_from = rates
    for _ in range(steps):
        r1, r2, g = torch.sigmoid(u1), torch.sigmoid(u2), torch.sigmoid(v)
        a1, a2 = x @ W1.T, r1 @ W2.T
        e1, e2, imitated = r2 @ W2 - g @ G.T, beta * (y - r2), r1 @ P.T
        if eta_to:
            P = P + eta_to * (u2 - v).T @ r1
        if eta_from:
            G = G + eta_from * e1.T @ g
        if eta:
            W1 = W1 + eta * (r1 - torch.sigmoid(a1)).T @ x
            W2 = W2 + eta * (r2 - torch.sigmoid(a2)).T @ r1
        u1, u2, v = (
            u1 + rate * (-u1 + a1 + e1),
            u2 + rate * (-u2 + a2 + e2),
            v + rate * (-v + imitated),
        )
    return u1, u2, v, W1, W2, P, G


def mb(s, x, y):
    s = phase(s, x, y, 0.0, (0, 0, 0.005 * 20), 0.5, 100)
    u1, u2, v, W1, W2, P, G = phase(s, x, y, 0.1, (0, 0, 0), 0.5, 40)
    r1 = torch.sigmoid(u1)
    change1 = (r1 - torch.sigmoid(x @ W1.T)).T @ x
    change2 = (torch.sigmoid(u2) - torch.sigmoid(r1 @ W2.T)).T @ r1
    return u1, u2, v, W1 + 4 * change1, W2 + 0.04 * change2, P, G


def ma(s, x, y):
    _, _, _, W1, W2, P, G = s
    u1 = x @ W1.T
    zeros = torch.zeros(len(x), len(W2))
    s = (u1, zeros, zeros, W1, W2, P, G)
    lateral = 0.001 * 0.05
    s = phase(s, x, y, 0.0, (0, lateral, lateral), 0.1, 200)
    return phase(s, x, y, 10.0, (0.001 * 0.1, 0, 0), 0.1, 200)


def main(file, model, count):
    arrays = {name: torch.tensor(a) for name, a in np.load(file).items()}
    step = {"mb": mb, "ma": ma}[model]
    s = tuple(arrays[name] for name in ("u1", "u2", "v", "W1", "W2", "P", "G"))
    batches = list(zip(arrays["x"], arrays["y"], strict=True))[:count]
    step(s, *batches[0])
    begin = time.perf_counter()
    for x, y in batches:
        s = step(s, x, y)
    seconds = (time.perf_counter() - begin) / count
    print(json.dumps({"seconds": seconds, "W2": s[4].double().abs().sum().item()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
