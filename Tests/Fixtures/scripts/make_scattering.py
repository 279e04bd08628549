"""Writes ../scattering.json: scattering coefficients by kymatio, which ScatteringTransformTests compares with ours.

With kymatio 0.3.0, NumPy 2.4.6 and SciPy 1.17.1: python3 make_scattering.py
"""
import json
import os

import numpy
import scipy.special

if not hasattr(scipy.special, "sph_harm"):
    scipy.special.sph_harm = None  # which newer SciPy has not, and kymatio's transform in three dimensions alone wants
from kymatio.numpy import Scattering2D

cases = []
for height, width, scales, orientations, order in [
        (12, 17, 2, 3, 2), (16, 16, 1, 8, 1), (24, 20, 3, 4, 2), (8, 9, 3, 2, 2), (16, 20, 2, 8, 2)]:
    numbers = numpy.arange(height * width, dtype=numpy.int64)
    image = ((numbers * numbers * 31 + numbers * 17) % 1009 / 1009).astype(numpy.float32).reshape(height, width)
    transform = Scattering2D(J=scales, shape=(height, width), L=orientations, max_order=order)
    coefficients = transform(image.astype(numpy.float64)).transpose(1, 2, 0)
    cases.append({
        "height": height, "width": width, "scales": scales, "orientations": orientations, "order": order,
        "coefficients": [float(f"{value:.7g}") for value in coefficients.ravel()]})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scattering.json")
with open(path, "w") as file:
    file.write("[" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "]\n")
