"""A training job that meets one fault at one place, and what must hold of it."""
import filecmp
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import jobs
from jobs import TRAINER, wait

# Ranks on each of two hosts, which ranks of this one act as; 0 where all are of one host.
RANKS_A_HOST = int(os.environ.get("TRAINER_RANKS_A_HOST", "0"))
RANKS, STEPS = 2 * RANKS_A_HOST or 3, 60
LAST = RANKS - 1
# Where in the run a phase is met, in finished steps, and how messages name it.
PHASES = {
    "start-up": (0, "start-up"),
    "training": (41, "training after step 41"),
    "all-reduce": (41, "the all-reduce after step 41"),
    "validation": (50, "validation after step 50"),
    "checkpoint": (40, "saving a checkpoint after step 40"),
    "finish": (60, "writing the final weights after step 60"),
}
# The fault that is asked for; `stop` where the rank waits for a change of the world.
FAULTS = {
    "throw": "throw", "exit": "exit", "SIGKILL": "kill", "SIGSEGV": "segv", "SIGSTOP": "stop", "NaN": "nan",
    "unreadable sample": "stop", "disk full": "stop", "run directory removed": "stop", "rank 0 dead": "stop", "link down": "stop",
}
# With braces doubled, for the folder of the data and the deadline.
CONFIG = """\
model: {{name: lenet5, dropout: 0.2}}
data: {{name: mnist, path: '{data}', limit: 1000, validation: 300}}
batch: 64
grain: 16
epochs: 1000
maxSteps: %d
optimizer: {{name: sgd, learningRate: 0.02, momentum: 0.9}}
validation: {{everySteps: 25}}
checkpoint: {{everySteps: 20, keep: 100}}
logEverySteps: 1
deadlineSeconds: {deadline}
""" % STEPS


def is_stopped(process):
    """Whether a process stands still after SIGSTOP."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
    except OSError:
        return False


class FaultyJob:
    """One job with one fault."""

    def __init__(self, matrix, fault, phase, rank):
        self.matrix, self.fault, self.phase, self.rank = matrix, fault, phase, rank
        self.work = matrix.work / f"{fault}-{phase}-{rank}".replace(" ", "-")
        self.mark = f"TRAINER_FAULT_MATRIX={os.getpid()}-{self.work.name}"
        self.data, self.disk, self.run = self.work / "data", self.work / "disk", self.work / "disk/run"
        self.problems, self.code, self.seconds, self.errors = [], None, 0.0, ""

    # MARK: - The job

    def command(self):
        options = ["train", str(self.work / "config.yaml"), "--run", str(self.run), "--threads", "1"]
        if self.fault == "link down":
            count = max(RANKS_A_HOST, 1)
            return self.matrix.hosts.on("alpha", [TRAINER, *options, "--host", f"alpha:{count},beta:{count}"])
        return [TRAINER, *options, "--np", str(RANKS)]

    def start(self, fault):
        environment = dict(os.environ, **dict([self.mark.split("=")]))
        if fault:
            environment["TRAINER_TEST_FAULT"] = fault
        if self.fault == "link down":
            environment.update(self.matrix.hosts.variables)
        elif RANKS_A_HOST:
            environment["TRAINER_TEST_HOSTS"] = ",".join(str(rank % 2) for rank in range(RANKS))
        self.output = open(self.work / "output", "wb")
        self.error_file = open(self.work / "errors", "wb")
        return subprocess.Popen(
            self.command(), env=environment, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.error_file)

    def end(self, job, seconds):
        """Waits for the job's end and gives its exit code, None if it had to be killed."""
        try:
            code = job.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
            job.kill()
            job.wait()
        self.output.close()
        self.error_file.close()
        self.errors = (self.work / "errors").read_text(errors="replace")
        return code if code is None or code >= 0 else 128 - code

    # MARK: - The world around it

    def prepare(self):
        self.work.mkdir()
        shutil.copytree(self.matrix.data, self.data)
        self.disk.mkdir()
        if self.fault == "disk full":
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(self.disk)], check=True)
        (self.work / "config.yaml").write_text(CONFIG.format(data=self.data, deadline=self.matrix.deadline))

    def change_world(self):
        """What happens while the rank stands still."""
        if self.fault == "unreadable sample":
            os.truncate(self.data / "train-images-idx3-ubyte", 16)
        elif self.fault == "disk full":
            filler = os.open(self.disk / "filler", os.O_CREAT | os.O_WRONLY)
            try:
                while os.write(filler, bytes(1 << 12)):
                    pass
            except OSError:
                os.close(filler)
        elif self.fault == "run directory removed":
            # Away at once: what is removed file by file gets new ones meanwhile.
            if self.run.exists():
                self.run.rename(self.work / "removed")
            shutil.rmtree(self.work / "removed", ignore_errors=True)
        elif self.fault == "rank 0 dead":
            self.signal(0, signal.SIGKILL)
        elif self.fault == "link down":
            self.matrix.hosts.cut()

    def mend_world(self):
        if self.fault == "unreadable sample":
            shutil.copyfile(self.matrix.data / "train-images-idx3-ubyte", self.data / "train-images-idx3-ubyte")
        elif self.fault == "disk full":
            (self.disk / "filler").unlink(missing_ok=True)
        elif self.fault == "link down":
            self.matrix.hosts.mend()

    def signal(self, rank, number):
        jobs.send([process for process, (its_rank, _) in self.processes().items() if its_rank == rank], number)

    def processes(self):
        return jobs.processes(self.mark)

    # MARK: - What must hold

    def expected(self):
        """The exit code and a pattern of the first line."""
        step, place = PHASES[self.phase]
        host = re.escape(socket.gethostname()) if self.fault != "link down" else r"\w+"
        here = rf"rank {self.rank} of \d on {host} \({re.escape(place)}\): "
        anywhere = rf"rank \d of \d on {host} \([^)]*\): "
        if self.fault == "throw":
            return 70, here + "a fault that TRAINER_TEST_FAULT asks for"
        if self.fault == "exit":
            return 70, here + "the process called exit"
        if self.fault in ("SIGKILL", "rank 0 dead"):
            killed = 0 if self.fault == "rank 0 dead" else self.rank
            return 137, rf"trainer: rank {killed} on {host} was ended by SIGKILL in "
        if self.fault == "SIGSEGV":
            return 139, here + "crashed with SIGSEGV"
        if self.fault == "SIGSTOP":
            return 70, anywhere + rf".* rank {self.rank} on {host}, which is stopped"
        if self.fault == "link down":
            return 70, anywhere + r".* rank \d on \w+, which does not answer|host \w+ is lost"
        if self.fault == "NaN":
            if self.phase in ("checkpoint", "finish"):
                return 71, anywhere + rf"step {step}: rank {self.rank} .* differs from the other ranks in the weight of"
            if self.phase == "all-reduce":
                return 70, anywhere + r"step 42: the sum of the losses is not a finite number, but"
            what = {"start-up": "step 1: weight ", "training": "step 42: the field 'image' ", "validation": "step 50: in validation the field 'image' "}
            return 70, anywhere + what[self.phase] + rf".*not a finite number \(rank {self.rank}, sample"
        if self.fault == "unreadable sample":
            return (0, "") if self.phase == "finish" else (65, anywhere + "a file was cut short")
        if self.fault == "disk full":
            return 70, anywhere + ".*No space left on device.*free (some )?space"
        if self.fault == "run directory removed":
            # At start-up it is not there yet.
            return (0, "") if self.phase == "start-up" else (70, anywhere + ".*the run directory was removed")
        raise ValueError(self.fault)

    def limit(self):
        return self.matrix.deadline + 5 if self.fault in ("SIGSTOP", "link down") else 10

    def check(self):
        code, pattern = self.expected()
        if self.code != code:
            self.problems.append(f"exit code {self.code}, expected {code}")
        if self.seconds > self.limit():
            self.problems.append(f"took {self.seconds:.1f} s, limit {self.limit()} s")
        # Ranks that only act as those of several hosts copy messages from each other's memory, and Open MPI says that one is gone.
        noise = re.compile(r"warning: |\[\S+:\d+\] Read -1, expected \d+")
        lines = [line for line in self.errors.splitlines() if line.strip() and not noise.match(line)]
        if pattern and not (lines and re.search(pattern, lines[0])):
            self.problems.append(f"the first line of standard error does not match {pattern!r}")
        if not wait(lambda: not self.processes(), 3):
            self.problems.append(f"processes left: {self.processes()}")
        if self.fault != "run directory removed":
            # Rank 0 ends no step before the checkpoint that is due by then is on disk; the others may be a step ahead of it.
            ahead = 0 if self.rank == 0 else 1
            self.check_checkpoints(at_least=[s for s in (20, 40, 60) if s + ahead < PHASES[self.phase][0]])

    def check_checkpoints(self, at_least):
        found = {path.name for path in self.run.glob("checkpoints/step-*")}
        for step in at_least:
            if f"step-{step:08}.safetensors" not in found:
                self.problems.append(f"the checkpoint of step {step} is missing")
        for name in found:
            reference = self.matrix.reference / "checkpoints" / name
            if not reference.exists() or not filecmp.cmp(self.run / "checkpoints" / name, reference, shallow=False):
                self.problems.append(f"checkpoint {name} differs from that of the undisturbed run")

    def check_resumed(self):
        code = self.end(self.start(None), 60)
        if code != 0:
            self.problems.append(f"the same command afterwards ended with {code}: {self.errors[:400]}")
        elif not filecmp.cmp(self.run / "final.safetensors", self.matrix.reference / "final.safetensors", shallow=False):
            self.problems.append("the final file differs from that of the undisturbed run")

    def do(self):
        try:
            self.prepare()
            began = time.monotonic()
            job = self.start(f"{FAULTS[self.fault]}:{self.phase}:{self.rank}:{PHASES[self.phase][0]}")
            if FAULTS[self.fault] == "stop":
                if not wait(lambda: any(is_stopped(process) for process in self.processes()), 20):
                    self.problems.append("the rank never came to the place")
                began = time.monotonic()
                self.change_world()
                if self.fault != "SIGSTOP":
                    self.signal(self.rank, signal.SIGCONT)
            self.code = self.end(job, self.limit() + 10)
            self.seconds = time.monotonic() - began
            first_errors = self.errors
            self.check()
            self.mend_world()
            self.check_resumed()
            self.errors = first_errors
        finally:
            jobs.send(self.processes())
            if self.fault == "disk full" and os.path.ismount(self.disk):
                subprocess.run(["umount", "-l", str(self.disk)])
        if not self.problems:
            shutil.rmtree(self.work, ignore_errors=True)
        return self
