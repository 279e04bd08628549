"""A training job whose saving is disturbed: its command, its run directory, what it has left there."""
import json
import os
import subprocess
import threading
import time

from jobs import TRAINER


def step_name(step):
    return f"step-{step:08}.safetensors"


class SavingJob:
    """One run directory, and the command that trains in it."""

    def __init__(self, work, name, policy="stop"):
        self.run, self.policy = f"{work}/{name}", policy
        self.command = [TRAINER, "train", f"{work}/config.yaml", "--run", self.run, "--threads", "1",
                        "--set", f"checkpoint.onFailure={policy}"]
        self.errors = self.output = ""

    def start(self, strace=None, paths=(), stops_after=None):
        """Runs the command, under strace with options if given, and gives the exit code; negative: killed by that signal.

        The process gets a SIGTERM as soon as a decision of the kind `stops_after` is logged."""
        command = self.command
        if strace:
            # The shell becomes the traced program (-D), whose number, $$, is in the names of temporary files.
            selected = " ".join(f'-P "{self.run}/{path}"' for path in paths)
            command = ["bash", "-c", f'exec strace -D -f -y {selected} "$@"', "bash", *strace, *command]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if stops_after:
            threading.Thread(target=self.stop, args=(process, stops_after), daemon=True).start()
        try:
            self.output, self.errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.errors = "no end within 120 s"
            return None
        return process.returncode

    def stop(self, process, kind):
        """Sends SIGTERM once a decision of that kind is logged; to the process, because only its main thread listens."""
        while process.poll() is None:
            if os.path.exists(self.path("decisions.jsonl")) and self.decisions(kind):
                return process.terminate()
            time.sleep(0.005)

    def path(self, name):
        return f"{self.run}/{name}"

    def checkpoints(self):
        """The names of the checkpoints, oldest first."""
        try:
            return sorted(name for name in os.listdir(self.path("checkpoints")) if name.startswith("step-"))
        except FileNotFoundError:
            return []

    def decisions(self, kind):
        """The reasons of the decisions of that kind."""
        with open(self.path("decisions.jsonl")) as lines:
            records = [json.loads(line) for line in lines if line.endswith("\n")]
        return [record["reason"] for record in records if record["kind"] == kind]

    def temporaries(self):
        return [name for _, _, names in os.walk(self.run) for name in names if ".tmp" in name]
