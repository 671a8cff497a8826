"""The same in eager PyTorch, as one would write it and in the fastest eager form found.

python torch_side.py lc|conv|dtp ARRAYS.npz usual|fastest

`usual` is autograd throughout and default Adam. What `fastest` changes is said at each piece; it
flushes denormals, and run.py tells the C library to keep freed memory.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F
from work import (
    ALPHA,
    CHECKED,
    IMAGE,
    INVERSE_RATE,
    RATE,
    SIGMA,
    WINDOWS,
    before,
    read,
    timed,
)


class Local(nn.Module):
    """unfold, then one product a position: weights (positions, patch, channels)."""

    def __init__(self, weight, size, kernel, channels, stride):
        super().__init__()
        w = torch.tensor(weight).unflatten(2, (kernel, kernel, -1)).permute(0, 4, 2, 3, 1)
        self.weight = nn.Parameter(w.flatten(1, 3).contiguous())
        self.bias = nn.Parameter(torch.zeros(len(weight), 1, channels))
        self.kernel, self.stride, self.out = kernel, stride, -(-size // stride)
        self.pads = before(size, kernel, stride) * 2

    def forward(self, x):
        patches = F.unfold(F.pad(x, self.pads), self.kernel, stride=self.stride)
        a = torch.baddbmm(self.bias, patches.permute(2, 0, 1), self.weight)
        return a.permute(1, 2, 0).unflatten(2, (self.out, self.out))


class Shared(nn.Module):
    def __init__(self, weight, size, kernel, channels, stride):
        super().__init__()
        w = torch.tensor(weight).unflatten(1, (kernel, kernel, -1)).permute(0, 3, 1, 2)
        self.weight = nn.Parameter(w.contiguous())
        self.bias = nn.Parameter(torch.zeros(channels))
        self.stride, self.pads = stride, before(size, kernel, stride) * 2

    def forward(self, x):
        return F.conv2d(F.pad(x, self.pads), self.weight, self.bias, self.stride)


def linear(weight):
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight))
        layer.bias.zero_()
    return layer


def passes(work, file, form):
    weights, x, labels = read(file)
    x, labels = torch.tensor(x).permute(0, 1, 4, 2, 3).contiguous(), torch.tensor(labels)
    kind, layers, size = {"lc": Local, "conv": Shared}[work], [], IMAGE[0]
    for weight, (kernel, channels, stride) in zip(weights, WINDOWS):
        layers += [kind(weight, size, kernel, channels, stride), nn.Tanh()]
        size = -(-size // stride)
    # Channels come first here.
    first = torch.tensor(weights[-2]).unflatten(1, (size, size, -1)).permute(0, 3, 1, 2).flatten(1)
    net = nn.Sequential(*layers, nn.Flatten(), linear(first), nn.Tanh(), linear(weights[-1]))
    if form == "fastest" and work == "conv":
        net, x = net.to(memory_format=torch.channels_last), x.flatten(0, 1)
        x = x.to(memory_format=torch.channels_last).unflatten(0, labels.shape)

    def once():
        for batch, wanted in zip(x, labels):
            net.zero_grad()
            F.cross_entropy(net(batch), wanted).backward()

    once()
    check = sum(
        p.grad.abs().sum().item() for p in net.parameters() if p.ndim > 1 and p.shape[1] > 1
    )
    return {"seconds": timed(once, len(x)), "check": check}


class Usual:
    """Autograd, losses averaged over the batch; the forward pass serves both steps."""

    def __init__(self, weights, V):
        self.f, self.g = [linear(w) for w in weights], linear(V.T)
        self.forward_adam = torch.optim.Adam(nn.ModuleList(self.f).parameters(), RATE)
        self.inverse_adam = torch.optim.Adam(self.g.parameters(), INVERSE_RATE)

    def step(self, x, labels, sigma):
        f1, f2, f3 = self.f
        h1 = torch.tanh(f1(x))
        h2 = torch.tanh(f2(h1.detach()))

        with torch.no_grad():
            noisy = h1 + sigma * torch.randn_like(h1)
            above = torch.tanh(f2(noisy))
        self.inverse_adam.zero_grad()
        ((torch.tanh(self.g(above)) - noisy) ** 2).sum(1).mean().backward()
        self.inverse_adam.step()

        self.forward_adam.zero_grad()
        top = h2.detach().requires_grad_()
        F.cross_entropy(f3(top), labels).backward()
        with torch.no_grad():
            t2 = top - ALPHA * len(x) * top.grad
            t1 = h1 - torch.tanh(self.g(top)) + torch.tanh(self.g(t2))
        (((h1 - t1) ** 2).sum(1).mean() + ((h2 - t2) ** 2).sum(1).mean()).backward()
        self.forward_adam.step()


class Fastest:
    """By hand, gradients written in place, fused Adam."""

    def __init__(self, weights, V):
        self.f, self.g = [linear(w) for w in weights], linear(V.T)
        forward, inverse = [p for f in self.f for p in f.parameters()], list(self.g.parameters())
        for p in (*forward, *inverse):
            p.grad = torch.zeros_like(p)
        self.forward_adam = torch.optim.Adam(forward, RATE, fused=True)
        self.inverse_adam = torch.optim.Adam(inverse, INVERSE_RATE, fused=True)

    @torch.no_grad()
    def step(self, x, labels, sigma):
        (f1, f2, f3), g, size = self.f, self.g, len(x)
        h1, h2 = f1(x).tanh_(), None
        h2 = f2(h1).tanh_()

        noisy = torch.randn_like(h1).mul_(sigma).add_(h1)
        above = f2(noisy).tanh_()
        back = g(above).tanh_()
        self._gradient(g, (back - noisy).mul_(2 / size), back, above)
        self.inverse_adam.step()

        error = torch.softmax(f3(h2), 1)
        error[torch.arange(size), labels] -= 1
        t2 = torch.addmm(h2, error, f3.weight, alpha=-ALPHA)
        away1 = g(h2).tanh_().sub_(g(t2).tanh_())
        self._gradient(f1, away1.mul_(2 / size), h1, x)
        self._gradient(f2, (h2 - t2).mul_(2 / size), h2, h1)
        torch.mm(error.div_(size).t(), h2, out=f3.weight.grad)
        torch.sum(error, 0, out=f3.bias.grad)
        self.forward_adam.step()

    def _gradient(self, layer, away, h, below):
        delta = torch.ops.aten.tanh_backward(away, h)
        torch.mm(delta.t(), below, out=layer.weight.grad)
        torch.sum(delta, 0, out=layer.bias.grad)


def dtp(file, form):
    (*weights, V), x, labels = read(file)
    x, labels = torch.tensor(x), torch.tensor(labels)
    kind = {"usual": Usual, "fastest": Fastest}[form]
    checked = kind(weights, V)
    for batch, wanted in zip(x[:CHECKED], labels):
        checked.step(batch, wanted, 1e-9)
    matrices = (checked.f[0].weight, checked.g.weight)
    check = sum(matrix.detach().abs().sum().item() for matrix in matrices)
    net = kind(weights, V)

    def once():
        for batch, wanted in zip(x, labels):
            net.step(batch, wanted, SIGMA)

    return {"seconds": timed(once, len(x)), "check": check}


def main(work, file, form):
    torch.set_flush_denormal(form == "fastest")
    print(json.dumps(dtp(file, form) if work == "dtp" else passes(work, file, form)))


if __name__ == "__main__":
    main(*sys.argv[1:])
