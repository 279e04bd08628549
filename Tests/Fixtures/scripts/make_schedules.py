#!/usr/bin/env python3
"""Writes ../schedules.json: learning rates of PyTorch's schedulers, which ScheduleTests compares with ours.

usage: make_schedules.py      made with Python 3.11, torch 2.15.0
"""
import json
import os

import torch
from torch.optim import lr_scheduler as schedulers

STEPS = 40
RATE = 0.8


def rates(make, rate=RATE):
    """The rate of each step, in double precision."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer)
    result = []
    for _ in range(STEPS):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def cyclic(mode, gamma=1.0):
    return lambda optimizer: schedulers.CyclicLR(
        optimizer, base_lr=0.1, max_lr=RATE, step_size_up=7, mode=mode, gamma=gamma, cycle_momentum=False)


CASES = {
    "constant": lambda optimizer: schedulers.ConstantLR(optimizer, factor=1),
    "{step: {everySteps: 7, factor: 0.5}}": lambda optimizer: schedulers.StepLR(optimizer, 7, gamma=0.5),
    "{step: {atEpochs: [2, 3, 7], factor: 0.3}}": lambda optimizer: schedulers.MultiStepLR(
        optimizer, [10, 15, 35], gamma=0.3),
    "{cosine: {minimumRate: 0.05}}": lambda optimizer: schedulers.CosineAnnealingLR(optimizer, STEPS, eta_min=0.05),
    "polynomial": lambda optimizer: schedulers.PolynomialLR(optimizer, STEPS),
    "{polynomial: {power: 2.5}}": lambda optimizer: schedulers.PolynomialLR(optimizer, STEPS, power=2.5),
    "{oneCycle: {rise: 0.25, initialFactor: 0.125, finalFactor: 0.00125}}": lambda optimizer: schedulers.OneCycleLR(
        optimizer, RATE, total_steps=STEPS, pct_start=0.25, div_factor=8, final_div_factor=100, cycle_momentum=False),
    "oneCycle": lambda optimizer: schedulers.OneCycleLR(optimizer, RATE, total_steps=STEPS, cycle_momentum=False),
    "{triangular: {base: 0.1, halfCycleSteps: 7}}": cyclic("triangular"),
    "{triangular: {base: 0.1, halfCycleSteps: 7, mode: triangular2}}": cyclic("triangular2"),
    "{triangular: {base: 0.1, halfCycleSteps: 7, mode: exponential, gamma: 0.95}}": cyclic("exp_range", 0.95),
    "{warmup: {steps: 8, from: 0.1}, constant: }": lambda optimizer: schedulers.LinearLR(
        optimizer, start_factor=0.1, total_iters=8),
}

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "schedules.json")
    with open(path, "w") as file:
        json.dump({name: rates(make) for name, make in CASES.items()}, file, indent=1)
        file.write("\n")
