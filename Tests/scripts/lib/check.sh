# Checks that print a line each and are counted. Sourced by scripts that set `scratch` to a temporary folder first, and put
# the output that explains a failure into $scratch/output; its last lines are shown.
#
#   check SENTENCE command…    passes when the command succeeds
#   summary NAME               prints the counts; fails when a check has failed
#   wait_until SECONDS command…    waits until the command succeeds; fails when that takes longer

passed=0
failed=0

check() { # sentence, command that must succeed
    local sentence=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "passed: $sentence"
    else
        failed=$((failed + 1))
        echo "FAILED: $sentence"
        if [ -e "$scratch/output" ]; then tail -n 40 "$scratch/output" | sed 's/^/    /'; fi
    fi
}

summary() { # name
    echo "$1: $passed checks passed, $failed failed"
    [ "$failed" = 0 ]
}

wait_until() { # seconds, command
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.5
    done
}
