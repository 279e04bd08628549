#!/usr/bin/env python3
"""Writes ../sound.json: log-mel features by torch.stft and μ-law levels in double precision, which SoundSignalTests compares with ours.

usage: make_sound.py      made with Python 3.11, torch 2.15.0
"""
import json
import math
import os

import torch

RATE = 8000
FRAME, HOP, SIZE, MELS = 200, 80, 256, 40
FLOOR = 1e-6


def recording(count):
    """Pseudo-random samples of growing loudness that the test makes too, from whole numbers."""
    n = torch.arange(count, dtype=torch.int64)
    return ((n * n * 31 + n * 17) % 4001 - 2000) * n / count / 32768.0


def mel(f):
    return 2595 * math.log10(1 + f / 700)


def bands(lowest, highest):
    """[bins, mels]; what torchaudio.functional.melscale_fbanks gives with norm=None and mel_scale="htk"."""
    frequencies = torch.linspace(0, RATE // 2, SIZE // 2 + 1, dtype=torch.float64)
    points = torch.linspace(mel(lowest), mel(highest), MELS + 2, dtype=torch.float64)
    points = 700 * (10 ** (points / 2595) - 1)
    slopes = points.unsqueeze(0) - frequencies.unsqueeze(1)
    widths = points[1:] - points[:-1]
    down, up = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return torch.clamp(torch.minimum(down, up), min=0)


def features(x, lowest=0, highest=RATE / 2):
    frames = max(0, -(-(len(x) - FRAME) // HOP)) + 1
    padded = torch.zeros((frames - 1) * HOP + SIZE, dtype=torch.float64)
    padded[:len(x)] = x
    # The window stands in the middle of torch's frames, and a shift in time changes no power.
    before = (SIZE - FRAME) // 2
    padded = torch.cat([torch.zeros(before, dtype=torch.float64), padded])[:before + (frames - 1) * HOP + SIZE - before]
    window = torch.hann_window(FRAME, periodic=True, dtype=torch.float64)
    x = torch.nn.functional.pad(padded, (0, (frames - 1) * HOP + SIZE - len(padded)))
    power = torch.stft(x, SIZE, HOP, FRAME, window, center=False, return_complex=True).abs() ** 2
    return torch.log(FLOOR + power.T @ bands(lowest, highest)).tolist()


def mu_law(x):
    """torchaudio.functional.mu_law_encoding"""
    y = torch.sign(x) * torch.log1p(255 * x.abs()) / math.log1p(255)
    return ((y + 1) / 2 * 255 + 0.5).to(torch.int64).tolist()


# Amplitudes that are exact in single precision and between two levels by more than a rounding.
amplitudes = torch.arange(-1024, 1025, 7, dtype=torch.float64) / 1024
result = {
    "features": [[round(v, 6) for v in row] for row in features(recording(1111))],
    "bandFeatures": [[round(v, 6) for v in row] for row in features(recording(300), 200, 3000)],
    "amplitudes": amplitudes.tolist(),
    "levels": mu_law(amplitudes),
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sound.json")
with open(path, "w") as file:
    json.dump(result, file)
    file.write("\n")
