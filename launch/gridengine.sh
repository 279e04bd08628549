#!/usr/bin/env bash
# A job of Grid Engine:  qsub launch/gridengine.sh train configs/lenet5-mnist.yaml
#
# Submit it from the project's folder, which all hosts see at the same path, after a build on a host of the same kind
# (or with TRAINER_MARCH for the oldest kind). Options of qsub on the command line win over those below. `mpi` stands for
# a parallel environment of this cluster (`qconf -spl` lists them) with control_slaves TRUE; 16 slots of it:
#$ -N trainer
#$ -S /bin/bash
#$ -pe mpi 16
#$ -cwd
#$ -V
#$ -j y
# Before a queue suspends or ends the job, Grid Engine sends a signal (-notify): the ranks write a checkpoint and end with
# exit code 75. When a host fails, Grid Engine queues the job again (-r y).
#$ -l h_rt=04:00:00
#$ -notify
#$ -r y
set -euo pipefail
. launch/stoppable

# One rank on each host, whose threads use the job's slots there: the second word of a line of this file.
threads=$(awk '!n || $2 < n { n = $2 } END { print n }' "$PE_HOSTFILE")
if [ $# = 0 ]; then set -- train; fi
arguments=("$@")
case $1 in train | evaluate) set -- "$@" --threads "$threads" ;; esac

# The same two minutes before the time is up. (Grid Engine's own warning, s_rt, would end the job for good.)
seconds=$(qstat -j "$JOB_ID" | sed -n 's/^hard resource_list:.*h_rt=\([0-9]*\).*/\1/p')
limit=$((${seconds:-14400} - 120))

# mpirun finds the hosts of the job by itself, and starts its helpers there with Grid Engine's qrsh.
code=0
stoppable timeout --foreground --preserve-status --signal=USR1 "$limit" \
    mpirun --map-by ppr:1:node --bind-to none --wdir "$PWD" .build/release/trainer "$@" || code=$?

# The same job once more, as soon as this one has ended. (After exit code 99, Grid Engine 8.1.9 leaves a job of several hosts
# in the queue.) It takes this one's size and time; other options belong into the lines above.
if [ "$code" = 75 ]; then
    qsub -hold_jid "$JOB_ID" -pe "$PE" "$NSLOTS" -l "h_rt=${seconds:-14400}" -o "$SGE_STDOUT_PATH" launch/gridengine.sh "${arguments[@]}"
fi
exit "$code"
