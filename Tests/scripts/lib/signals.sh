# Runs a job in the current folder and sends it a signal, as its scheduler would. Sourced after lib/check.sh.
#
#   says TEXT                      whether the file `output` has a line with the text
#   stop_with SIGNAL COMMAND…      runs the command until its ranks train, signals it and waits; exit code in $code

# What runs in the background of a shell without job control ignores SIGINT, and so does all that it starts. Jobs could not be
# interrupted then, so the script begins again with the signal as a terminal leaves it.
if grep -q '^SigIgn:.*[2367abef]$' "/proc/$$/status"; then
    rm -rf "$scratch"
    exec env --default-signal=INT,QUIT "$root/Tests/scripts/${0##*/}" "$@"
fi

says() { grep -qs -- "$1" output; }
is_training() { says '^step ' || ! kill -0 "$job" 2>/dev/null; }
is_gone() { [ ! -e "/proc/$job" ] || grep -q '^State:.Z' "/proc/$job/status"; }

stop_with() { # signal, command…
    local signal=$1 job
    shift
    rm -f output # of the run before, which has trained
    set -m       # else bash has the command ignore SIGINT
    "$@" >output 2>&1 </dev/null &
    set +m
    job=$!
    wait_until 60 is_training || true
    kill -s "$signal" "$job" || true
    wait_until 60 is_gone || kill -KILL -- "-$job"
    code=0
    wait "$job" || code=$?
}
