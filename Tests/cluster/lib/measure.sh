# What two hosts gain and lose by the link between them. Sourced after lib/hosts.sh, with `trainer` set.
#
#   measure MODEL   prints, for each round and as medians: a step's computation alone on one host, the addition of
#                   vectors of the model's size alone, and the step on both hosts

measure() { # model
    local model=$1 batch=${TRAINER_BATCH:-64} steps=${TRAINER_STEPS:-12} rounds=${TRAINER_ROUNDS:-3} ranks=${TRAINER_RANKS_A_HOST:-1}
    local step=("$trainer" bench step "$model" --batch $((batch / ranks)) --grain $((batch / ranks)) --threads 1 --steps "$steps" --warmup 2)
    local alone=("${step[@]}")
    if [ "$ranks" != 1 ]; then alone=(mpirun --allow-run-as-root --bind-to none --oversubscribe -np "$ranks" "${step[@]}"); fi
    local bytes round compute communication both
      bytes=$((4 * $("$trainer" summary "$model" | awk '$1 == "total" { gsub(",", "", $3); print $3 }')))
    echo "$model, $ranks ranks of $((batch / ranks)) samples a host, $bytes bytes of gradients, medians of $steps steps"
    : >"$scratch/rounds"
    for round in $(seq "$rounds"); do
        compute=$( (on alpha "${alone[@]}") | step_milliseconds)
        communication=$(over_hosts "$trainer" bench allreduce --bytes "$bytes" | reduce_milliseconds)
        both=$(over_hosts "${step[@]}" | step_milliseconds)
        echo "$compute $communication $both" >>"$scratch/rounds"
        report "round $round" "$compute" "$communication" "$both"
    done
    report median "$(median 1)" "$(median 2)" "$(median 3)"
}

step_milliseconds() { sed -n 's/.* \([0-9.]*\) ms\/step.*/\1/p'; }
reduce_milliseconds() { awk -F '[, ]+' '/^[0-9]+, / { printf "%.1f\n", $2 / 1000 }'; }

median() { # column of the rounds
    cut -d ' ' -f "$1" "$scratch/rounds" | sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

report() { # name, milliseconds of computation, communication and both
    awk -v name="$1" -v compute="$2" -v communication="$3" -v both="$4" 'BEGIN {
        longer = compute > communication ? compute : communication
        printf "%s: computation %.1f ms, communication %.1f ms, step %.1f ms: %.2f of the longer one\n",
            name, compute, communication, both, both / longer
    }'
}
