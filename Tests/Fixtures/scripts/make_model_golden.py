"""Writes Tests/Fixtures/models/pytorch.json: what PyTorch computes for the ready-made models.

Weights and images come from a formula, so the file holds results alone: logits in training and in evaluation, the summed
cross-entropy, and of every parameter's gradient its norm and its product with a formula's numbers (which sees the order of the
elements); of every running statistic after one training step that product too. All in double precision.

usage: make_model_golden.py OUTPUT.json      made with Python 3.11, torch 2.15.0, torchvision 0.29.2, numpy 2.4
"""
import json
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision


def numbers(count, stream):
    """Element i of a stream: bits of (i, stream) mixed as in MurmurHash3's finaliser, mapped to [-1, 1)."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(stream * 0x85EBCA6B & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2.0**31 - 1.0


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.f1, self.f2, self.f3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.c1(x)), 2)
        x = F.max_pool2d(torch.relu(self.c2(x)), 2)
        return self.f3(torch.relu(self.f2(torch.relu(self.f1(x.flatten(1))))))


def resnet18_cifar():
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    return model


def vgg11_cifar():
    model = torchvision.models.vgg11_bn(num_classes=10)
    model.avgpool, model.classifier = nn.Identity(), nn.Linear(512, 10)
    return model


def initial(name, shape, stream):
    """Biases put every normalised channel well above zero, or (one of eight) well below.

    Else some of the million inputs of ReLUs would lie so near to the kink that rounding decides on which side, and one such
    element changes gradients by a thousandth; so all must agree to rounding, and a ReLU that is missing is seen.
    """
    u = numbers(int(np.prod(shape)), stream)
    if len(shape) > 1:
        u = u * np.sqrt(6.0 / np.prod(shape[1:]))
    elif name.endswith("running_var"):
        u = 1 + 0.5 * u
    elif name.endswith("weight"):
        u = 0.5 + 0.1 * u
    elif name.endswith("bias") and shape[0] > 10:
        u = np.where(u > 0.75, -30, 3 + 0.1 * u)
    else:
        u = 0.1 * u
    return torch.from_numpy(u.astype(np.float32).astype(np.float64).reshape(shape))


def product(tensor, stream):
    return float(np.dot(tensor.detach().numpy().reshape(-1), numbers(tensor.numel(), 1000 + stream)))


def describe(model, image):
    model = model.double()
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    streams = {name: index for index, name in enumerate(state)}
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(initial(name, tensor.shape, streams[name]))
    x = torch.from_numpy(numbers(2 * int(np.prod(image)), 999).astype(np.float32).astype(np.float64).reshape(2, *image))
    with torch.no_grad():
        evaluation = model.eval()(x)
    training = model.train()(x)
    loss = F.cross_entropy(training, torch.tensor([3, 7]), reduction="sum")
    loss.backward()
    return {
        "tensors": [{"name": name, "shape": list(tensor.shape)} for name, tensor in state.items()],
        "evaluation": evaluation.flatten().tolist(),
        "training": training.flatten().tolist(),
        "loss": float(loss.detach()),
        "gradients": {
            name: {"norm": float(p.grad.norm().detach()), "product": product(p.grad, streams[name])}
            for name, p in model.named_parameters()
        },
        "statistics": {name: product(t, streams[name]) for name, t in state.items() if "running" in name},
    }


torch.manual_seed(0)
result = {
    "lenet5": describe(LeNet5(), (1, 28, 28)),
    "resnet18-cifar": describe(resnet18_cifar(), (3, 32, 32)),
    "vgg11-cifar": describe(vgg11_cifar(), (3, 32, 32)),
}
with open(sys.argv[1], "w") as file:
    json.dump(result, file, indent=None, separators=(",", ":"))
    file.write("\n")
