"""The scattering transform in PyTorch, by its definition: filters sampled in space, whole images filtered, every kth pixel taken.

Filters, padding and order are those of kymatio 0.3, with π where that has 3.1415, and the gain of Sources/Kernels/MorletBank.swift.
"""
import math

import torch


def gabor(height, width, deviation, angle, frequency, slant):
    """A wave under a Gaussian, periodic, at whole numbers from 0."""
    y = torch.arange(-9 * height, 10 * height, dtype=torch.float64)[:, None]
    x = torch.arange(-9 * width, 10 * width, dtype=torch.float64)[None]
    along = y * math.cos(angle) + x * math.sin(angle)
    across = x * math.cos(angle) - y * math.sin(angle)
    envelope = torch.exp(-(along ** 2 + (slant * across) ** 2) / (2 * deviation ** 2)) * slant / (2 * math.pi * deviation ** 2)
    return torch.polar(envelope, frequency * along).reshape(19, height, 19, width).sum((0, 2))


def bank(height, width, scales, orientations):
    """The transforms of the wavelets, with their scales, and that of the average."""
    wavelets = []
    for scale in range(scales):
        for orientation in range(orientations):
            shape = (height, width, 0.8 * 2 ** scale, (int(orientations / 2 - 1) - orientation) * math.pi / orientations)
            frequency, slant = 0.75 * math.pi / 2 ** scale, 4 / orientations
            wave, envelope = gabor(*shape, frequency, slant), gabor(*shape, 0, slant)
            wavelets.append((scale, torch.fft.fft2(wave - wave.sum() / envelope.sum() * envelope).real))
    average = torch.fft.fft2(gabor(height, width, 0.8 * 2 ** (scales - 1), 0, 0, 1)).real
    average = average / average[0, 0]
    energy = sum(psi ** 2 for _, psi in wavelets) / 2
    energy = energy + energy.flip(0, 1).roll((1, 1), (0, 1))
    room = torch.where(energy > 1e-6, (1 - average ** 2) / energy.clamp(min=1e-6), torch.inf).flatten()[1:].min()
    gain = room.sqrt() if room.isfinite() else 1
    return [(scale, gain * psi) for scale, psi in wavelets], average


def low(spectrum, step):
    """The frequencies that an image of every `step`th pixel has."""
    for axis in (0, 1):
        count = spectrum.shape[axis] // step
        spectrum = torch.cat([spectrum.narrow(axis, 0, count // 2),
                              spectrum.narrow(axis, spectrum.shape[axis] - count + count // 2, count - count // 2)], axis)
    return spectrum


def mirrored(x, axis, scales):
    count, step = x.shape[axis], 1 << scales
    padded = (count // step + 2) * step
    places = torch.arange(padded) - (padded - count) // 2
    period = max(2 * (count - 1), 1)
    places = places % period
    return x.index_select(axis, torch.where(places < count, places, period - places))


def scattering(x, scales, orientations=8, order=2):
    """[N, C, H, W] → [N, C · paths, H / 2ᴶ, W / 2ᴶ]."""
    x = mirrored(mirrored(x, 2, scales), 3, scales)
    wavelets, average = bank(*x.shape[2:], scales, orientations)

    def filtered(image, spectrum, scale, step):
        return torch.fft.ifft2(torch.fft.fft2(image) * low(spectrum, 1 << scale))[..., ::step, ::step]

    def averaged(image, scale):
        return filtered(image, average, scale, 1 << (scales - scale)).real[..., 1:-1, 1:-1]

    first, second = [], []
    for scale, psi in wavelets:
        modulus = filtered(x, psi, 0, 1 << scale).abs()
        first.append(averaged(modulus, scale))
        for coarser, other in wavelets if order > 1 else []:
            if coarser > scale:
                second.append(averaged(filtered(modulus, other, scale, 1 << (coarser - scale)).abs(), coarser))
    return torch.stack([averaged(x, 0), *first, *second], 2).flatten(1, 2)
