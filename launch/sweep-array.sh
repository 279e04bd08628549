#!/usr/bin/env bash
# A sweep as an array of jobs of a batch system, a run each. How many there are, `--list` says:
#
#   .build/release/trainer sweep configs/mlp-mnist.yaml --vary optimizer.learningRate=0.1,0.01 --seeds 3 --list | wc -l    # 6
#   sbatch --array=1-6 launch/sweep-array.sh configs/mlp-mnist.yaml --vary optimizer.learningRate=0.1,0.01 --seeds 3
#   qsub -t 1-6 launch/sweep-array.sh configs/mlp-mnist.yaml …                   # Grid Engine
#   ARGUMENTS="configs/mlp-mnist.yaml …" qsub -J 1-6 launch/sweep-array.sh       # PBS, which gives a script no arguments
#   ARGUMENTS="configs/mlp-mnist.yaml …" bsub -J "sweep[1-6]" < launch/sweep-array.sh    # LSF
#
# Submit it from the project's folder, which all nodes see at the same path. A task that was stopped, or that failed, goes on
# when the same array is submitted again; those that have come to their end are over at once. After the last,
# `.build/release/trainer compare runs/NAME-sweep` shows the table and writes page and picture.
#SBATCH --job-name=sweep
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#PBS -N sweep
#PBS -l select=1:ncpus=8
#PBS -l walltime=04:00:00
#PBS -j oe
#PBS -V
#$ -N sweep
#$ -S /bin/bash
#$ -cwd
#$ -V
#$ -j y
#$ -notify
#BSUB -W 4:00
#BSUB -wa USR1
#BSUB -wt 2
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-${PBS_O_WORKDIR:-${LS_SUBCWD:-.}}}"
trainer=.build/release/trainer
. launch/stoppable

task=${SLURM_ARRAY_TASK_ID:-${PBS_ARRAY_INDEX:-${SGE_TASK_ID:-${LSB_JOBINDEX:-}}}}
case $task in
    '' | 0 | undefined)
        echo "launch/sweep-array.sh: this is no task of an array; submit it with --array, -t or -J, as its first lines say" >&2
        exit 64
        ;;
esac
if [ $# = 0 ]; then read -ra arguments <<<"${ARGUMENTS:-}"; else arguments=("$@"); fi
code=0
stoppable "$trainer" sweep "${arguments[@]}" --task "$task" || code=$?
exit "$code"
