"""Runs of the trainer whose results are compared: their end, and the weights that they leave."""
import os
import re
import subprocess

from jobs import TRAINER
from weights import Weights, difference


class Ended:
    """How a command ended: its exit code (None where it had to be killed), the digest that it printed, what it said."""

    def __init__(self, code, output, errors):
        final = re.search(r"^final: .* digest=(\w+)$", output, re.M)
        self.code, self.output = code, output
        self.digest = final[1] if final else None
        self.account = (errors or output)[-1500:].strip()

    def has_trained(self):
        return self.code == 0 and self.digest is not None


def run(arguments, mark, seconds, folder=None, **variables):
    """Runs the trainer to its end, its processes marked by NAME=VALUE in their environment."""
    environment = dict(os.environ, **variables)
    environment.update([mark.split("=")])
    try:
        done = subprocess.run(
            [TRAINER, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds)
    except subprocess.TimeoutExpired:
        return Ended(None, "", f"no end within {seconds} s")
    return Ended(done.returncode, done.stdout, done.stderr)


def workers(ranks, threads):
    """The options for so many ranks of so many threads."""
    return ["--threads", str(threads)] + (["--np", str(ranks)] if ranks > 1 else [])


def other_weights(path, expected):
    """What differs between two files of weights, in words; None if they have the same bytes."""
    if path.read_bytes() == expected.read_bytes():
        return None
    return difference(Weights(expected), Weights(path)) or "the same weights in another file"
