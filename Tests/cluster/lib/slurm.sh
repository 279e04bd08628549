# A Slurm cluster of the two hosts of lib/hosts.sh: munged, slurmctld and a slurmd on each, with configuration, keys, state
# and logs in the temporary folder. Sourced after lib/hosts.sh; `remove_hosts` ends the cluster, too.
#
#   make_cluster           installs what is missing, starts the cluster, waits until both nodes are idle
#   slurm COMMAND…         runs sbatch, scontrol, … against it
#   submit ARGUMENT…       submits a job from the project's folder; its number in $number, its output in $scratch/NUMBER.out
#   is_over NUMBER         whether the job has ended for good
#   field NUMBER NAME      a field of the job's record, for example JobState

install_slurm() {
    if command -v slurmctld slurmd munged >/dev/null; then return; fi
    install_packages slurm-wlm munge
}

make_cluster() {
    install_slurm
    make_hosts
    write_configuration
    export SLURM_CONF=$scratch/slurm.conf
    # One munged is enough: hosts share the file system, and thereby its socket.
    (on alpha munged --force --foreground --key-file "$scratch/munge/key" --socket "$scratch/munge/socket" \
        --pid-file "$scratch/munge/pid" --seed-file "$scratch/munge/seed" --log-file "$scratch/munge/log") 2>/dev/null &
    servers+=($!)
    wait_until 10 test -S "$scratch/munge/socket" || fail "munged does not start: $(tail -n 3 "$scratch/munge/log")"
    (on alpha slurmctld -D -i) >"$scratch/slurmctld.out" 2>&1 &
    servers+=($!)
    local host
    for host in "${hosts[@]}"; do
        (on "$host" slurmd -D -N "$host") >"$scratch/slurmd-$host.out" 2>&1 &
        servers+=($!)
    done
    wait_until 60 are_idle || fail "the nodes do not come up: $(tail -n 3 "$scratch"/slurm*.log)"
}

write_configuration() {
    mkdir -m 700 "$scratch/munge"
    head -c 1024 /dev/urandom >"$scratch/munge/key"
    chmod 400 "$scratch/munge/key"
    mkdir "$scratch/state"
    # Without cgroups and accounting, which a container may not have. A job that is queued again may start as soon as its
    # credential has expired.
    printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=%s\nCgroupAutomount=no\n' "$scratch/cgroup" >"$scratch/cgroup.conf"
    cat >"$scratch/slurm.conf" <<CONFIG
ClusterName=trainer
SlurmctldHost=alpha
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool-%n
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd-%n.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
MailProg=/bin/true
KillWait=10
ReturnToService=2
NodeName=alpha,beta CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
CONFIG
}

are_idle() { [ "$(slurm sinfo --noheader --Node --format %t 2>/dev/null | tr '\n' ' ')" = "idle idle " ]; }

slurm() { (on alpha "$@") </dev/null; }

submit() { # arguments of sbatch
    number=$(cd "$root" && slurm sbatch --parsable --output "$scratch/%j.out" "$@")
}

field() { # number, name
    slurm scontrol --oneliner show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

is_over() { # number
    case $(field "$1" JobState) in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) true ;; *) false ;; esac
}
