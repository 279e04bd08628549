"""Experiments on what data teach: filters that are learned or given, moments of the data, data that change."""
import os
import pathlib

import clones
from laboratory import experiment, mean, percent, shares

SEEDS = (1, 2, 3)


@experiment("gabor")
def gabor(bench):
    """A learned first layer beats Gabor filters in its place (O7)."""
    fixed = "freeze=first.*"
    layer = "model.layers.0.conv.initializer="
    variants = {"learned": (), "random Gabor": (layer + "gabor", fixed), "a grid of Gabor": (layer + "{gabor: grid}", fixed)}
    runs = bench.trainings({
        (name, seed): ("gabor", (f"seed={seed}", *settings))
        for name, settings in variants.items() for seed in SEEDS})
    accuracies = {name: [runs[name, seed].last("valAccuracy") for seed in SEEDS] for name in variants}
    texts = "; ".join(f"{name} {shares(values)}" for name, values in accuracies.items())
    # Compares mean validation accuracies of three seeds: the learned layer with the better of the two given ones.
    learned, *given = (mean(values) for values in accuracies.values())
    bench.check(f"validation accuracy of first layers: {texts}", learned > max(given) + 0.01)


@experiment("moments")
def moments(bench):
    """Nets learn the means of the classes first, then covariances, then what is not Gaussian (O7)."""
    source = pathlib.Path(os.environ["TRAINER_DATA"]) / "fashion-mnist"
    place = bench.folder / "clones"
    clones.make(source, place, training=6500, test=2000)
    kinds = ("means", "gaussian", "real")
    runs = bench.trainings({
        kind: ("moments", (), {"TRAINER_DATA": str(place / kind), "name": f"moments-{kind}"}) for kind in kinds})
    # Each checkpoint's accuracy on 2,000 real test pictures, whatever it was trained on.
    accuracies = {
        kind: [checkpoint.evaluate("--data", place / "real")["accuracy"] for checkpoint in run.checkpoints]
        for kind, run in runs.items()}
    real, steps = accuracies["real"], 60
    ends = {kind: values[-1] for kind, values in accuracies.items()}
    # Compares the ends: what a net can know of real pictures from the moments alone.
    bench.check(
        f"accuracy on real pictures: {percent(ends['means'])} of the net that saw means, {percent(ends['gaussian'])} means and "
        f"covariances, {percent(ends['real'])} the pictures",
        ends["means"] < ends["gaussian"] - 0.05 and ends["gaussian"] < ends["real"] - 0.05)
    parted = {
        kind: next((steps * (index + 1) for index, values in enumerate(zip(real, accuracies[kind])) if values[0] - values[1] > 0.1), 0)
        for kind in ("means", "gaussian")}
    # Compares when each falls 10 points behind the net that sees the pictures: until then those have taught no more.
    bench.check(
        f"10 points behind it: means alone from step {parted['means']}, with covariances from step {parted['gaussian']}",
        0 < parted["means"] < parted["gaussian"])


@experiment("forgetting")
def forgetting(bench):
    """What is no longer trained is forgotten (O26)."""
    run = bench.train("forgetting")
    before = [value for step, value in run.series("valFirstAccuracy") if step <= 400][-1]
    after, new = run.last("valFirstAccuracy"), run.last("valSecondAccuracy")
    soon = run.first("valFirstAccuracy", lambda accuracy: accuracy < before / 2) - 400
    # Compares accuracy on the digits 0 to 4 before and after 5 to 9 alone were trained.
    bench.check(
        f"digits 0 to 4: {percent(before)} right before 5 to 9 are learned, {percent(after)} after ({percent(new)} of those); "
        f"half is lost within {soon:g} steps", before > 0.9 and new > 0.9 and after < before - 0.5)
