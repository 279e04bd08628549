#!/usr/bin/env bash
# A job of OpenPBS or PBS Professional:  ARGUMENTS="train configs/lenet5-mnist.yaml" qsub launch/pbs.sh
#
# Submit it from the project's folder, which all nodes see at the same path, after a build on a node of the same kind
# (or with TRAINER_MARCH for the oldest kind). PBS gives a script no arguments, so they come in a variable (-V).
# Change the lines below, rather than giving options to qsub: the jobs that follow this one have these lines alone.
# When a rank dies or hangs, training starts again from the newest checkpoint within this job (three times at most, see
# launch/supervised). When a host fails, PBS ends the job and queues it again (-r y); where its version knows the attribute,
# `-W tolerate_node_failures=all` leaves it the other hosts, on which it goes on.
# Two chunks with a rank each, whose threads use the chunk's eight cores:
#PBS -N trainer
#PBS -l select=2:ncpus=8:mpiprocs=1
#PBS -l place=scatter
#PBS -l walltime=04:00:00
#PBS -j oe
#PBS -r y
#PBS -V
set -euo pipefail
cd "${PBS_O_WORKDIR:-.}"
trainer=.build/release/trainer
. launch/stoppable
. launch/supervised

# PBS warns a job ten seconds before its end, if at all. So the job knows by itself when to stop, two minutes before at the
# latest: the ranks write a checkpoint and end with exit code 75.
walltime=$(qstat -f "$PBS_JOBID" | sed -n 's/^ *Resource_List.walltime = //p') || true
IFS=: read -r hours minutes seconds <<<"${walltime:-04:00:00}"
limit=$((10#$hours * 3600 + 10#$minutes * 60 + 10#$seconds - 120))
limit=$((limit > 10 ? limit : 10))

read -ra arguments <<<"${ARGUMENTS:-train}"
options=()
case ${arguments[0]} in train | evaluate) options+=(--threads "${NCPUS:-1}") ;; esac
case ${arguments[0]} in train) options+=(--time-limit "${limit}s") ;; esac
code=0
supervised --hostfile "$PBS_NODEFILE" "${arguments[0]}" "${options[@]}" "${arguments[@]:1}" || code=$?

# The same job once more, as soon as this one has ended. (`qrerun` would keep it, but is for operators.) Not after a signal:
# that is how qdel ends a job.
if [ "$code:$stop_signal" = 75: ]; then qsub -W "depend=afterany:$PBS_JOBID" launch/pbs.sh; fi
exit "$code"
