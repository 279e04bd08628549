#!/usr/bin/env bash
# A job of IBM Spectrum LSF:  ARGUMENTS="train configs/lenet5-mnist.yaml" bsub < launch/lsf.sh
#
# Submit it from the project's folder, which all hosts see at the same path, after a build on a host of the same kind
# (or with TRAINER_MARCH for the oldest kind). bsub reads the script from its standard input, so the arguments come in a
# variable. Options of bsub on the command line win over those below. 16 slots, 8 of a host:
#BSUB -J trainer
#BSUB -n 16
#BSUB -R "span[ptile=8]"
#BSUB -W 4:00
#BSUB -o trainer.%J.out
# Two minutes before the time is up, LSF sends SIGUSR1: the ranks write a checkpoint and end with exit code 75, with which
# the job queues again (-Q) and goes on from there. When a rank dies or hangs, training starts again from the newest
# checkpoint within this job (three times at most, see launch/supervised); when a host fails, on the hosts that are left,
# unless LSF ends the job and queues it again (-r), as it does when the first host fails.
#BSUB -wa USR1
#BSUB -wt 2
#BSUB -Q "75"
#BSUB -r
set -euo pipefail
cd "${LS_SUBCWD:-.}"
trainer=.build/release/trainer
. launch/stoppable
. launch/supervised

# One rank on each host, whose threads use the job's slots there. LSF's file has a line for each slot.
threads=$(sort "$LSB_DJOB_HOSTFILE" | uniq -c | awk '!n || $1 < n { n = $1 } END { print n }')
read -ra arguments <<<"${ARGUMENTS:-train}"
options=()
case ${arguments[0]} in train | evaluate) options+=(--threads "$threads") ;; esac
hosts=$(awk '!known[$1]++ { print $1 ":1" }' "$LSB_DJOB_HOSTFILE" | paste -s -d , -)
code=0
supervised --host "$hosts" "${arguments[0]}" "${options[@]}" "${arguments[@]:1}" || code=$?
# bkill sends SIGINT, then SIGTERM: a job that its user ends must not queue again.
case $code:$stop_signal in 75:INT | 75:TERM) code=$((128 + $(kill -l "$stop_signal"))) ;; esac
exit "$code"
