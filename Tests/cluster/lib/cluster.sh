# What the scripts of Tests/cluster have in common. Sourced first, with `root` set to the project's folder; sets `trainer`, and
# `scratch` to a temporary folder, which goes at the end of the script, as the hosts do.
#
#   fail MESSAGE           ends the script as wrong usage, with the script's name before the message
#   run_here command…      runs a command that must succeed, its output in $scratch/output, or ends the script with its last lines
#   digest FILE            the digest of the weights that the output in a file tells last
#   says TEXT              whether $scratch/output has a line with the text

fail() {
    echo "${0##*/}: $*" >&2
    exit 64
}

clean_up() {
    trap '' INT TERM
    remove_hosts
    rm -rf "$scratch"
}

run_here() {
    if ! ("$@") >"$scratch/output" 2>&1; then
        tail -n 40 "$scratch/output" | sed 's/^/    /' >&2
        fail "a run without disturbance has failed, see above"
    fi
}

digest() { sed -n 's/^final: .*digest=//p' "$1" | tail -n 1; }
says() { grep -q -- "$1" "$scratch/output"; }

trainer=$root/.build/release/trainer
[ -x "$trainer" ] || fail "$trainer does not exist; build it first: swift build -c release"
. "$root/Tests/cluster/lib/hosts.sh"
. "$root/Tests/scripts/lib/check.sh"
scratch=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
