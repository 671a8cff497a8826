"""Peer: plain eager PyTorch, two ways of writing it.

`autograd`: nn.Sequential, cross_entropy, backward(); FA by an autograd.Function per layer. What people write.
`explicit`: the same sums by hand, under no_grad, gradients written in place. The fastest plain eager
form found (no graph, no allocation of gradients), so the fairest rival; measured against the first.
"""

import json

import torch
from common import Data, adam, apply_settings, load_linear, mean_loss, weight
from job import BATCH, SIZES, Job, measure
from torch import nn
from torch.nn import functional as F


class FeedbackLinear(torch.autograd.Function):
    """A linear layer whose error goes down through B instead of W."""

    @staticmethod
    def forward(ctx, x, W, b, B):
        ctx.save_for_backward(x, B)
        return F.linear(x, W, b)

    @staticmethod
    def backward(ctx, delta):
        x, B = ctx.saved_tensors
        return (delta @ B if ctx.needs_input_grad[0] else None), delta.t() @ x, delta.sum(0), None


class FeedbackLayer(nn.Linear):
    def forward(self, x):
        return FeedbackLinear.apply(x, self.weight, self.bias, self.B)


def autograd(job: Job, arrays: dict, data: Data):
    """(train_epoch, parameters) with the graph recorded by autograd; BP or FA."""
    net = nn.Sequential()
    for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
        linear = (FeedbackLayer if job.rule == "fa" else nn.Linear)(fan_in, fan_out)
        load_linear(linear, arrays, layer)
        if job.rule == "fa":
            linear.B = weight(arrays, f"B{layer}") if layer else None
        net.extend([linear, nn.Tanh()])
    net = net[:-1]
    optimizer = adam(net.parameters(), job)

    def train_epoch(epoch: int) -> None:
        for rows in data.order[epoch].split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(net(data.x[rows]), data.y[rows]).backward()
            optimizer.step()

    return train_epoch, list(net.parameters())


def explicit(job: Job, arrays: dict, data: Data):
    """(train_epoch, parameters) with the backward pass by hand; BP, FA or DFA."""
    linears = [nn.Linear(i, o) for i, o in zip(SIZES, SIZES[1:])]
    for layer, linear in enumerate(linears):
        load_linear(linear, arrays, layer)
    parameters = [p for linear in linears for p in linear.parameters()]
    for p in parameters:
        p.grad = torch.zeros_like(p)
    W0, b0, W1, b1, W2, b2 = parameters
    optimizer = adam(parameters, job)
    onehot = F.one_hot(data.y, SIZES[-1]).float()
    tanh_backward = torch.ops.aten.tanh_backward
    # What the signal travels through, into hidden layer 1 (down1) and 2 (down2).
    if job.rule == "bp":
        down1, down2 = W1, W2
    elif job.rule == "fa":
        down1, down2 = weight(arrays, "B1"), weight(arrays, "B2")
    else:
        down1, down2 = torch.from_numpy(arrays["D0"]), torch.from_numpy(arrays["D1"])
    direct = job.rule == "dfa"

    @torch.no_grad()
    def train_epoch(epoch: int) -> None:
        for rows in data.order[epoch].split(BATCH):
            x = data.x[rows]
            h1 = torch.addmm(b0, x, W0.t()).tanh_()
            h2 = torch.addmm(b1, h1, W1.t()).tanh_()
            error = torch.softmax(torch.addmm(b2, h2, W2.t()), 1).sub_(onehot[rows]).div_(BATCH)
            delta2 = tanh_backward(error @ down2, h2)
            delta1 = tanh_backward((error if direct else delta2) @ down1, h1)
            for W, b, delta, below in (
                (W2, b2, error, h2),
                (W1, b1, delta2, h1),
                (W0, b0, delta1, x),
            ):
                torch.mm(delta.t(), below, out=W.grad)
                torch.sum(delta, 0, out=b.grad)
            optimizer.step()

    return train_epoch, parameters


def main() -> None:
    job, arrays = Job.from_command_line()
    apply_settings(job)
    data = Data(arrays)
    form = {"autograd": autograd, "explicit": explicit}[job.settings["form"]]
    train_epoch, parameters = form(job, arrays, data)
    print(json.dumps(measure(job, train_epoch, lambda: mean_loss(data, parameters))))


main()
