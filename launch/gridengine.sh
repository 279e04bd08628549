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
# exit code 75. Then, or when its time is up, the job queues itself again; after qdel it does not. When a rank dies or hangs, training starts again from the newest checkpoint within this job (three times at
# most, see launch/supervised); when a host fails, on the hosts that are left. When it is the first host, on which this
# script runs, Grid Engine queues the job again (-r y).
#$ -l h_rt=04:00:00
#$ -notify
#$ -r y
set -euo pipefail
trainer=.build/release/trainer
. launch/stoppable
. launch/supervised

# One rank on each host, whose threads use the job's slots there: the second word of a line of this file.
threads=$(awk '!n || $2 < n { n = $2 } END { print n }' "$PE_HOSTFILE")
if [ $# = 0 ]; then set -- train; fi
arguments=("$@")
case $1 in train | evaluate) set -- "$1" --threads "$threads" "${@:2}" ;; esac

# The same two minutes before the time is up, at the latest. (Grid Engine's own warning, s_rt, would end the job for good.)
seconds=$(qstat -j "$JOB_ID" | sed -n 's/^hard resource_list:.*h_rt=\([0-9]*\).*/\1/p') || true
limit=$((${seconds:-14400} > 130 ? ${seconds:-14400} - 120 : 10))
case $1 in train) set -- "$1" --time-limit "${limit}s" "${@:2}" ;; esac

# mpirun starts its daemons on the other hosts with Grid Engine's qrsh.
hosts=$(awk '{ print $1 ":1" }' "$PE_HOSTFILE" | paste -s -d , -)
code=0
supervised --host "$hosts" "$@" || code=$?

# The same job once more, as soon as this one has ended. (After exit code 99, Grid Engine 8.1.9 leaves a job of several hosts
# in the queue.) It takes this one's size and time; other options belong into the lines above. Not after SIGUSR2, with which
# qdel warns, nor after any other signal but SIGUSR1, which comes before the job is suspended.
case $code:$stop_signal in
    75: | 75:USR1)
        qsub -hold_jid "$JOB_ID" -pe "$PE" "$NSLOTS" -l "h_rt=${seconds:-14400}" -o "$SGE_STDOUT_PATH" launch/gridengine.sh "${arguments[@]}"
        ;;
esac
exit "$code"
