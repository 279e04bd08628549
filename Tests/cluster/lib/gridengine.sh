# A Grid Engine cluster of the two hosts of lib/hosts.sh: a master and an execution daemon on each, with a queue, a parallel
# environment, state and logs in the temporary folder. Debian's packages would bring a mail server and start their services,
# so they are unpacked there, too, and only this cluster's processes see them in /usr. Sourced after lib/hosts.sh;
# `remove_hosts` ends the cluster, too.
#
#   make_grid [SETTING…]    unpacks Grid Engine and starts the cluster, its queue with settings such as "notify 00:00:20"
#   grid COMMAND…           runs qsub, qstat, … against it
#   is_idle                 whether no job runs or waits

grid_packages=(gridengine-master gridengine-exec gridengine-client gridengine-common libjemalloc2 tcsh libmunge2)

make_grid() { # settings of the queue
    unpack_grid
    make_hosts
    export SGE_ROOT=$scratch/sge SGE_CELL=default SGE_QMASTER_PORT=6444 SGE_EXECD_PORT=6445
    export LD_LIBRARY_PATH=/usr/lib/gridengine
    configure_grid
    (SGE_ND=1 grid_on alpha /usr/lib/gridengine/sge_qmaster) >"$scratch/qmaster.out" 2>&1 &
    servers+=($!)
    wait_until 20 grid qconf -sh >/dev/null || fail "Grid Engine's master does not start: $(tail -n 3 "$scratch/qmaster.out")"
    local host
    for host in "${hosts[@]}"; do
        grid qconf -ah "$host" || true # the master's host is one already
        grid qconf -as "$host"
        (SGE_ND=1 grid_on "$host" /usr/lib/gridengine/sge_execd) >"$scratch/execd-$host.out" 2>&1 &
        servers+=($!)
    done >/dev/null 2>&1
    add_queue "$@" >/dev/null
    wait_until 60 has_hosts || fail "Grid Engine's hosts do not come up: $(tail -n 3 "$scratch"/execd-*.out)"
}

unpack_grid() {
    apt-get -q update >&2
    mkdir "$scratch/packages"
    (cd "$scratch/packages" && apt-get -q download "${grid_packages[@]}" >&2) || fail "cannot download ${grid_packages[*]}"
    local package
    for package in "$scratch/packages"/*.deb; do dpkg --extract "$package" "$scratch/unpacked"; done
}

# Every command of `ip netns exec` has a mount namespace of its own.
grid_on() { # host, command…
    local host=$1
    shift
    on "$host" sh -c 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr && exec "$@"' "$scratch/unpacked" "$@"
}
grid() { (grid_on alpha "$@") </dev/null; }

configure_grid() {
    local common=$SGE_ROOT/default/common folder
    mkdir -p "$common" "$scratch/spool/master/job_scripts" "$scratch/spool/hosts"
    for folder in bin lib utilbin; do
        mkdir "$SGE_ROOT/$folder"
        ln -s /usr/lib/gridengine "$SGE_ROOT/$folder/$(sh "$scratch/unpacked/usr/share/gridengine/util/arch")"
    done
    ln -s /usr/share/gridengine/util "$SGE_ROOT/util"
    echo alpha >"$common/act_qmaster"
    cat >"$common/bootstrap" <<CONFIG
admin_user none
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params $common;$scratch/spool/master
binary_path $SGE_ROOT/bin
qmaster_spool_dir $scratch/spool/master
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
jvm_threads 0
CONFIG
    sed -e "s|^execd_spool_dir .*|execd_spool_dir $scratch/spool/hosts|" -e 's|^min_\([ug]id\) .*|min_\1 0|' \
        -e 's|^mailer .*|mailer /bin/true|' -e 's|^load_report_time .*|load_report_time 00:00:05|' \
        "$scratch/unpacked/usr/share/gridengine/default-configuration" >"$scratch/configuration"
    {
        grid /usr/lib/gridengine/spoolinit classic libspoolc "$common;$scratch/spool/master" init
        grid /usr/lib/gridengine/spooldefaults configuration "$scratch/configuration"
        grid /usr/lib/gridengine/spooldefaults complexes /usr/share/gridengine/util/resources/centry
        grid /usr/lib/gridengine/spooldefaults usersets /usr/share/gridengine/util/resources/usersets
        grid /usr/lib/gridengine/spooldefaults managers root
    } >/dev/null
}

# A host group, the parallel environment `mpi` of Grid Engine's own example with one slot a host, and a queue for both.
add_queue() { # settings
    printf 'group_name @allhosts\nhostlist alpha beta\n' >"$scratch/group"
    grid qconf -Ahgrp "$scratch/group"
    sed 's/^allocation_rule .*/allocation_rule 1/' "$scratch/unpacked/usr/share/gridengine/util/resources/pe/mpi" >"$scratch/pe"
    grid qconf -Ap "$scratch/pe"
    grid qconf -sq >"$scratch/queue"
    sed -i -e 's/^qname .*/qname all.q/' -e 's/^hostlist .*/hostlist @allhosts/' -e 's/^pe_list .*/pe_list mpi/' \
        -e 's/^slots .*/slots 1/' -e 's/^load_thresholds .*/load_thresholds NONE/' \
        -e "s|^tmpdir .*|tmpdir /tmp,[alpha=$scratch/tmp-alpha],[beta=$scratch/tmp-beta]|" "$scratch/queue"
    mkdir "$scratch/tmp-alpha" "$scratch/tmp-beta"
    local setting
    for setting; do sed -i "s/^${setting%% *} .*/$setting/" "$scratch/queue"; done
    grid qconf -Aq "$scratch/queue"
    grid qconf -ssconf | sed -e 's/^schedule_interval .*/schedule_interval 0:0:10/' -e 's/^job_load_adjustments .*/job_load_adjustments NONE/' \
        >"$scratch/scheduler"
    grid qconf -Msconf "$scratch/scheduler"
}

has_hosts() { [ "$(grid qstat -f | grep -c '^all.q@.* 0/0/1 .*lx-amd64 *$')" = 2 ]; }
is_idle() { grid qstat >"$scratch/jobs" && ! [ -s "$scratch/jobs" ]; }
