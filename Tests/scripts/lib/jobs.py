"""What scripts that disturb training jobs share: finding a job's processes by a mark in their environment, and reading its run."""
import json
import os
import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
TRAINER = os.environ.get("TRAINER", str(ROOT / ".build/release/trainer"))

# What Open MPI 4 and 5 call their launcher.
LAUNCHERS = {"mpirun", "prterun"}


def processes(mark):
    """The processes that have the variable `mark` (NAME=VALUE) as {process number: (rank or None, whether it is mpirun)}."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue  # it has ended, or is another user's
        if mark in variables:
            ranks = [v.split("=")[1] for v in variables if v.startswith("OMPI_COMM_WORLD_RANK=")]
            found[int(folder.name)] = (int(ranks[0]) if ranks else None, name in LAUNCHERS)
    return found


def send(numbers, number=signal.SIGKILL):
    """Signals processes; one that is gone does not matter."""
    for process in numbers:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def has_signal(process, number, field):
    """Whether a signal is in a set of a process's status: SigCgt (it has a handler), SigBlk (it is held back)."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    sets = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(field + ":")]
    return bool(sets) and sets[0] >> (number - 1) & 1 == 1


def records(path):
    """The lines of a JSON-lines file; one that is not whole counts as not there."""
    try:
        with open(path, "rb") as file:
            return parsed(file.read())
    except FileNotFoundError:
        return []


def last_records(file):
    """The lines in the last bytes of an open JSON-lines file."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
    return parsed(file.read())


def parsed(content):
    result = []
    for line in content.decode(errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):  # a line that is cut at the front may be a number
            result.append(record)
    return result


def last_step(directory):
    """The last step in the log of a run that logs every step; 0 when there is none."""
    try:
        with open(directory / "metrics.jsonl", "rb") as file:
            steps = [record["step"] for record in last_records(file)]
    except FileNotFoundError:
        return 0
    return steps[-1] if steps else 0


def newest_checkpoint(directory):
    """The step of the newest checkpoint; 0 when there is none."""
    steps = [int(path.name[5:13]) for path in (directory / "checkpoints").glob("step-*.safetensors")]
    return max(steps, default=0)


def wait(condition, seconds, pause=0.01):
    """Polls; whether the condition held in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return False


def require_trainer():
    """Ends the script where the program is not built; makes SIGTERM end it through `finally`."""
    if not os.access(TRAINER, os.X_OK):
        sys.exit(f"{TRAINER}: not built; run swift build -c release")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
