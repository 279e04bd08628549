#!/usr/bin/env bash
# Kills training jobs at random points, starts them again with other ranks and threads, and compares the final weights
# byte for byte with those of an undisturbed run. Prints a line for each point; ends with 1 if any differs.
#
#   Tests/scripts/kill-points.sh [POINTS] [SEED]      default: 20 points, seed 1
#
# A point's choices (model, ranks, threads, when, whom) follow from SEED and its number. TRAINER names another program
# than .build/release/trainer.
set -euo pipefail
points=${1:-20} seed=${2:-1}
root=$(cd "$(dirname "$0")/../.." && pwd)
trainer=${TRAINER:-$root/.build/release/trainer}
[ -x "$trainer" ] || { echo "$trainer: not built; run swift build -c release" >&2; exit 64; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/lenet5.yaml" <<YAML
model: {name: lenet5, dropout: 0.2}
data: {name: digits, limit: 250, validation: 55, augment: [ {translate: 2} ]}
batch: 64
grain: 16
epochs: 150
optimizer: {name: sgd, learningRate: 0.2, momentum: 0.9, weightDecay: 5e-4}
schedule: {onPlateau: {factor: 0.5, patience: 1, rollback: true, monitor: valError}}
validation: {everySteps: 3}
checkpoint: {everySteps: 4, keep: 3}
logEverySteps: 2
YAML
cat > "$work/mlp.yaml" <<YAML
model: {name: mlp, hidden: [64, 33], dropout: 0.3}
data: {name: digits, limit: 240, validation: 37}
batch: 50
grain: 15
epochs: 150
optimizer: {name: adam, learningRate: 0.02}
schedule: {onPlateau: {factor: 0.7, patience: 2, rollback: true, minDelta: 0.05, monitor: valLoss}}
validation: {everySteps: 2}
checkpoint: {everySteps: 7, keep: 1}
clipNorm: 1
logEverySteps: 2
YAML
cat > "$work/batchnorm.yaml" <<YAML
model:
  input: [28, 28, 1]
  layers: [ {conv: {filters: 8, kernel: 3, padding: same, bias: false}}, batchNorm, relu, {maxPool: 4}, flatten, {linear: 10} ]
data: {name: digits, limit: 250, validation: 30}
batch: 64
grain: 16
epochs: 150
optimizer: {name: momentum, learningRate: 0.1}
schedule: cosine
checkpoint: {everySteps: 5}
logEverySteps: 2
YAML

below() { echo $((RANDOM % $1)); }

# The processes of the job whose environment has KILL_POINT=$1; with $2 only that rank.
processes() {
    local pid
    for pid in /proc/[0-9]*; do
        { tr '\0' '\n' < "$pid/environ"; } 2>/dev/null | awk -v job="KILL_POINT=$1" -v rank="${2:+OMPI_COMM_WORLD_RANK=$2}" \
            '$0 == job {j = 1} $0 == rank || rank == "" {r = 1} END {exit !(j && r)}' && echo "${pid#/proc/}" || true
    done
}

start() {  # name ranks threads directory
    exec mpirun -np "$2" --oversubscribe --bind-to none "$trainer" train "$work/$1.yaml" --run "$4" --threads "$3"
}

for name in lenet5 mlp batchnorm; do
    "$trainer" train "$work/$name.yaml" --run "$work/undisturbed-$name" --threads 1 > "$work/out" 2>&1 || { cat "$work/out"; exit 1; }
done

began=$(date +%s%N)
mpirun -np 4 --oversubscribe --bind-to none "$trainer" train --max-steps 1 --run "$work/start-up" > "$work/out" 2>&1
echo "start-up: mpirun -np 4 trainer train --max-steps 1 on the embedded data took $((($(date +%s%N) - began) / 1000000)) ms"

failures=0
for ((point = 1; point <= points; point++)); do
    RANDOM=$((seed * 1000 + point))
    names=(lenet5 mlp batchnorm)
    name=${names[$(below 3)]} run=$work/run-$point
    kills=$((1 + $(below 2))) story="" hits=0
    # A job may end before its time has come; then another is drawn, so that every point kills at least once.
    for ((kill = 1; kill <= kills || hits == 0; kill++)); do
        [ "$hits" -gt 0 ] || rm -rf "$run"
        ranks=$((1 + $(below 4))) threads=$((1 + $(below 2))) lines=$(below 250) delay=$(below 40) tree=$(below 2) rank=$(below "$ranks")
        : > "$work/out"
        KILL_POINT="$$-$point-$kill" start "$name" "$ranks" "$threads" "$run" > "$work/out" 2>&1 < /dev/null &
        job=$!
        while kill -0 $job 2>/dev/null && [ "$(wc -l < "$work/out")" -lt "$lines" ]; do sleep 0.01; done
        sleep "0.0$(printf %02d "$delay")"
        if [ "$tree" = 1 ]; then victims="$job $(processes "$$-$point-$kill")"; else victims=$(processes "$$-$point-$kill" "$rank"); fi
        kill -KILL $victims 2>/dev/null || true
        code=0
        wait $job 2>/dev/null || code=$?
        left=""
        for attempt in $(seq 50); do left=$(processes "$$-$point-$kill"); [ -z "$left" ] && break; sleep 0.1; done
        [ -z "$left" ] || { echo "point $point: processes left behind: $left"; failures=$((failures + 1)); kill -KILL $left; }
        [ "$code" = 0 ] && continue
        hits=$((hits + 1))
        at=$(ls "$run/checkpoints" 2>/dev/null | tail -1 | tr -dc 0-9 || true)
        [ "$tree" = 1 ] && whom=tree || whom="rank $rank"
        story+="np=$ranks×$threads killed ($whom) after $lines lines, newest checkpoint ${at:-none}; "
    done
    ranks=$((1 + $(below 4))) threads=$((1 + $(below 2)))
    if ! (start "$name" "$ranks" "$threads" "$run") > "$work/out" 2>&1 < /dev/null; then cat "$work/out"; fi
    if cmp -s "$run/final.safetensors" "$work/undisturbed-$name/final.safetensors"; then
        verdict="identical"
    else
        verdict="DIFFERENT" failures=$((failures + 1))
    fi
    echo "point $point (seed $((seed * 1000 + point))) $name: ${story}finished with np=$ranks×$threads: $verdict"
    rm -rf "$run"
done
echo "$points points, $failures failures"
[ "$failures" = 0 ]
