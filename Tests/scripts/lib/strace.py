"""What scripts that trace jobs share: whether strace can be used here, and reading what it has written."""
import re
import shutil
import subprocess
import sys

CANNOT_TRACE = 69


def require(script):
    """Ends the script with 69 where strace is missing or may not trace, as in many containers, even a program that does nothing."""
    if not shutil.which("strace"):
        reason = "strace is missing; install it (Debian: apt-get install strace)"
    elif subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        reason = "strace may not trace here; allow ptrace"
    else:
        return
    print(f"{script}: {reason}", file=sys.stderr)
    sys.exit(CANNOT_TRACE)


def calls(path):
    """The calls in a file of `strace -f -o` as (thread, text), in the order of their ends.

    One during which another thread was reported is in two parts there, and is put together.
    """
    begun = {}
    with open(path, errors="replace") as lines:
        for line in lines:
            thread, _, call = line.rstrip("\n").partition(" ")
            call = call.strip()
            if call.endswith("<unfinished ...>"):
                begun[thread] = call.removesuffix("<unfinished ...>")
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>", call)
            if resumed:
                call = begun.pop(thread, "") + call[resumed.end():]
            yield thread, call
