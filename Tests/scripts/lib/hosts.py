"""Two hosts on this machine, made by Tests/cluster/lib/hosts.sh in a shell that lives as long as they are needed."""
import subprocess

from jobs import ROOT

SHELL = """
set -euo pipefail
fail() { echo "$*" >&2; exit 69; }
scratch=$1
. "$2/Tests/cluster/lib/hosts.sh"
trap remove_hosts EXIT
[ "$(id -u)" = 0 ] || fail "needs root"
for tool in ip tc ssh ssh-keygen /usr/sbin/sshd; do command -v "$tool" >/dev/null || fail "needs $tool"; done
make_hosts >&2
use_hosts
env | grep ^OMPI_MCA_
echo "ready $(namespace alpha) $(namespace beta) $(cores alpha) $(cores beta)"
while read -r request; do
    case $request in cut) cut_link beta ;; mend) mend_link beta ;; *) break ;; esac
    echo done
done
"""


class Hosts:
    """The hosts alpha and beta, with a link between them that can be cut."""

    def __init__(self, work):
        """`are_there` tells whether they could be made, else `why_not` why not."""
        scratch = work / "hosts"
        scratch.mkdir()
        self.variables = {}
        self.shell = subprocess.Popen(
            ["bash", "-c", SHELL, "hosts", str(scratch), str(ROOT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(scratch / "log", "wb"), text=True)
        self.are_there = False
        for line in self.shell.stdout:
            if line.startswith("ready "):
                self.space, self.cores = (dict(zip(("alpha", "beta"), pair)) for pair in (line.split()[1:3], line.split()[3:5]))
                self.are_there = True
                break
            name, value = line.rstrip("\n").split("=", 1)
            self.variables[name] = value
        if not self.are_there:
            self.why_not = " ".join((scratch / "log").read_text(errors="replace").strip().splitlines()[-1:])

    def on(self, host, command):
        """The command as one that runs on a host, with its name and its share of the cores."""
        return ["ip", "netns", "exec", self.space[host], "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec taskset --cpu-list "$@"',
                host, self.cores[host], *command]

    def cut(self):
        """What is sent is lost from now on, and nobody is told."""
        self.ask("cut")

    def mend(self):
        """The hosts reach each other again."""
        self.ask("mend")

    def ask(self, request):
        self.shell.stdin.write(request + "\n")
        self.shell.stdin.flush()
        if self.shell.stdout.readline() != "done\n":
            raise RuntimeError(f"the hosts could not be changed: {request}")

    def remove(self):
        self.shell.stdin.close()
        self.shell.wait()
