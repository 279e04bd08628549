"""Runs of the trainer for experiments whose outcome is checked: trainings side by side, and what the program says of them.

An experiment is a function that takes a Laboratory, and is listed with `@experiment`; its name is that of its file in
configs/experiments, where it has one. It trains, measures, and checks sentences with figures in them.
"""
import concurrent.futures
import html
import os
import pathlib
import re
import time

import jobs
import training
import weights

CONFIGS = jobs.ROOT / "configs"
LIMIT = 3600  # seconds for a run
EXPERIMENTS = {}


def experiment(name):
    """Lists an experiment by its name."""
    def listed(function):
        EXPERIMENTS[name] = function
        return function
    return listed


class Broken(Exception):
    """A command of the trainer failed, so that there is nothing to check."""


class Laboratory:
    """Trains below a folder, at most so many runs at once, each with one thread; counts checks."""

    def __init__(self, folder, at_once):
        self.folder, self.at_once = pathlib.Path(folder), at_once
        self.mark = f"TRAINER_EXPERIMENTS={os.getpid()}"
        self.passed = self.failed = 0
        self.is_closed = False

    def close(self):
        """Ends what still trains, and lets nothing begin."""
        self.is_closed = True
        for _ in range(100):
            left = jobs.processes(self.mark)
            if not left:
                break
            jobs.send(left)
            time.sleep(0.05)

    def check(self, sentence, holds):
        """One line: a sentence with its figures, and whether it holds."""
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        print(f"{'passed' if holds else 'FAILED'}: {sentence}", flush=True)

    def command(self, *arguments, **environment):
        """What the trainer prints; an error if it fails."""
        if self.is_closed:
            raise Broken("the experiments have been stopped")
        ended = training.run([str(argument) for argument in arguments], self.mark, LIMIT, self.folder, **environment)
        if ended.code != 0:
            raise Broken(f"trainer {' '.join(map(str, arguments))} ended with {ended.code}: {ended.account}")
        return ended.output

    def train(self, config, *settings, name=None, **environment):
        """Trains configs/experiments/CONFIG.yaml, or configs/CONFIG.yaml, with settings `key=value`; returns the run."""
        path = CONFIGS / "experiments" / f"{config}.yaml"
        if not path.exists():
            path = CONFIGS / f"{config}.yaml"
        words = [word for setting in settings for word in ("--set", setting)]
        values = [*settings, *(f"{key}={value}" for key, value in environment.items())]
        place = name or "-".join([path.stem, *(re.sub(r"[^\w.=]+", "_", value) for value in values)])[:120]
        self.command("train", path, "--run", place, "--resume", "never", "--threads", "1", *words, **environment)
        return Run(self, self.folder / place)

    def all(self, works):
        """The results of functions by the keys of a map, so many at once."""
        pool = concurrent.futures.ThreadPoolExecutor(self.at_once)
        try:
            started = {key: pool.submit(work) for key, work in works.items()}
            return {key: future.result() for key, future in started.items()}
        finally:
            # Who stops the script does not wait for trainings: close() ends them.
            pool.shutdown(wait=False, cancel_futures=True)

    def trainings(self, runs):
        """Trains what a map says, {key: (config, settings, environment)}; the runs by the same keys."""
        return self.all({
            key: lambda run=run: self.train(run[0], *run[1], **(run[2] if len(run) > 2 else {}))
            for key, run in runs.items()})


class Run:
    """A run directory, or a checkpoint of one, and what the trainer says of it."""

    def __init__(self, laboratory, path):
        self.laboratory, self.path = laboratory, pathlib.Path(path)

    @property
    def lines(self):
        return jobs.records(self.path / "metrics.jsonl")

    def series(self, metric, by="step"):
        """The values of a metric as (step or epoch, value)."""
        return [(line[by], line[metric]) for line in self.lines if line.get(metric) is not None]

    def last(self, metric):
        return self.series(metric)[-1][1]

    def first(self, metric, is_reached, by="step"):
        """Where a metric first satisfies a condition; infinity if nowhere."""
        return next((place for place, value in self.series(metric, by) if is_reached(value)), float("inf"))

    def weights(self):
        return weights.Weights(self.path / "final.safetensors")

    @property
    def checkpoints(self):
        return [Run(self.laboratory, path) for path in sorted((self.path / "checkpoints").glob("step-*.safetensors"))]

    def evaluate(self, *options):
        """The figures that `trainer evaluate` prints for the test set."""
        return figures(self.laboratory.command("evaluate", self.path, "--threads", "1", *options))

    def look(self, kind, *options):
        """The figures that `trainer look` prints, and the tables of its page as lists of rows of texts."""
        page = self.laboratory.folder / f"look-{kind}-{id(self)}-{time.monotonic_ns()}.html"
        said = figures(self.laboratory.command("look", kind, self.path, "--threads", "1", "--out", page, *options))
        found = tables(page.read_text())
        page.unlink()
        return said, found

    def training_error(self):
        """The share of all training samples that the net, in evaluation mode, takes for another class."""
        said, _ = self.look("mistakes", "--split", "train", "--limit", "0", "--count", "1")
        return said["mistakes"] / said["samples"]


def figures(output):
    """The numbers of the last line `name=number …`."""
    lines = [line for line in output.strip().splitlines() if re.match(r"\w+=", line)]
    found = re.findall(r"(\w+)=([-+.\deE]+|nan|inf)(?=\s|$)", lines[-1] if lines else "")
    return {name: float(value) for name, value in found}


def tables(page):
    """The tables of a page of `trainer look`: rows of cells' texts."""
    return [
        [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>([^<]*)", row)]
         for row in re.findall(r"<tr>.*?</tr>", table, re.S)]
        for table in re.findall(r"<table>.*?</table>", page, re.S)]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def percent(share):
    return f"{100 * share:.1f} %"


def shares(values):
    """Shares as percentages, one behind the other: of several seeds."""
    return ", ".join(f"{100 * value:.1f}" for value in values) + " %"


def numbers(values):
    """Numbers one behind the other."""
    return ", ".join(f"{value:.3g}" for value in values)
