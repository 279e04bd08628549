# Two hosts on one machine: network namespaces of their own name and core, joined by a link of limited rate, each with
# an ssh server for one key made for this run. Nothing that they send leaves this machine: they have that link and a loopback
# each, and no route to anywhere else. Sourced by scripts that set `scratch` to a temporary folder and define `fail MESSAGE`.
#
#   make_hosts [rate]     makes alpha and beta; `rate` in tc's words, 1gbit by default. Ends the script with exit code 69 where
#                         this machine does not let it
#   install_packages NAME…    installs Debian's packages without starting their services
#   remove_hosts          ends everything that runs on them and removes them; for a trap, also when little has been made
#   (on HOST command…)    runs a command on a host; `(on alpha command…) & job=$!` has remove_hosts end it, too
#   over_hosts command…   runs a command with mpirun on both hosts and waits for it: TRAINER_RANKS_A_HOST ranks each (1),
#                         which TRAINER_MAP_BY numbers (slot: host by host; node: in turn)
#   use_hosts             has the mpirun that a command on alpha starts, as `trainer train --host alpha:1,beta:1` does, take
#                         the link, ssh with this run's key, and these names
#   cut_link HOST         pulls the host's end of the link out: what is sent is lost, and nobody is told
#   mend_link HOST        puts it in again, and waits until the hosts can reach each other
#   running_on HOST name… the numbers of the host's processes with one of these names
#   is_closed             whether the hosts can indeed reach nothing but each other
#
# `namespace HOST`, `cores HOST` and `$link` tell the names of its network namespace, its processors and its network interface.

hosts=(alpha beta)
# Of the block that is reserved for documentation (RFC 5737); they exist inside the two namespaces alone.
declare -A address=([alpha]=192.0.2.1 [beta]=192.0.2.2)
link=link0
servers=()
job=

namespace() { echo "trainer-$$-$1"; }

install_tools() {
    local missing=()
    if ! command -v tc >/dev/null || ! command -v ip >/dev/null; then missing+=(iproute2); fi
    if ! command -v ssh >/dev/null; then missing+=(openssh-client); fi
    if ! [ -x /usr/sbin/sshd ]; then missing+=(openssh-server); fi
    if [ ${#missing[@]} != 0 ]; then install_packages "${missing[@]}"; fi
}

# Without the services that Debian's packages start on this machine, as openssh-server its sshd on all networks: for the time
# of the installation there is the policy that forbids it, which containers have anyway.
install_packages() { # names
    local policy=/usr/sbin/policy-rc.d forbidden='' code=0
    if ! [ -e "$policy" ]; then
        forbidden=$policy
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"; } >&2 || code=$?
    if [ -n "$forbidden" ]; then rm "$forbidden"; fi
    [ "$code" = 0 ] || fail "cannot install $*; see apt-get's message above"
}

# Ends the script so that a caller can tell it from a failure, and skip it.
cannot_make_hosts() { # reason
    echo "${0##*/}: cannot make network namespaces here: $1" >&2
    exit 69
}

make_hosts() { # rate
    [ "$(id -u)" = 0 ] || cannot_make_hosts "only root can"
    install_tools
    local host
    (
        for host in "${hosts[@]}"; do ip netns add "$(namespace "$host")" || exit; done
        ip link add "$link" netns "$(namespace alpha)" type veth peer name "$link" netns "$(namespace beta)"
    ) 2>"$scratch/ip.log" || cannot_make_hosts "$(tail -n 1 "$scratch/ip.log")"
    make_keys
    for host in "${hosts[@]}"; do configure_network "$host" "${1:-1gbit}"; done
    for host in "${hosts[@]}"; do start_server "$host"; done
    for host in "${hosts[@]}"; do wait_for_server "$host"; done
}

configure_network() { # host, rate
    local name peer folder
    name=$(namespace "$1")
    ip -n "$name" link set lo up
    ip -n "$name" address add "${address[$1]}/24" dev "$link"
    ip -n "$name" link set "$link" up
    tc -n "$name" qdisc add dev "$link" root tbf rate "$2" burst 512kb latency 50ms
    # `ip netns exec` shows a process these files in place of those in /etc.
    folder=/etc/netns/$name
    mkdir -p "$folder"
    echo "127.0.0.1 localhost" >"$folder/hosts"
    for peer in "${hosts[@]}"; do echo "${address[$peer]} $peer" >>"$folder/hosts"; done
}

make_keys() {
    local host
    ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
    for host in "${hosts[@]}"; do
        ssh-keygen -q -t ed25519 -N '' -f "$scratch/host-key-$host"
        echo "$host $(cut -d ' ' -f 1,2 "$scratch/host-key-$host.pub")" >>"$scratch/known-hosts"
        cat >"$scratch/sshd-$host" <<CONFIG
ListenAddress ${address[$host]}
HostKey $scratch/host-key-$host
AuthorizedKeysFile $scratch/key.pub
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
CONFIG
    done
    cat >"$scratch/ssh-config" <<CONFIG
IdentityFile $scratch/key
IdentitiesOnly yes
UserKnownHostsFile $scratch/known-hosts
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
BatchMode yes
ConnectTimeout 10
LogLevel ERROR
CONFIG
}

# A host's processes have its name and its share of this machine's cores: the first half alpha's, the others beta's.
on() { # host, command…
    local host=$1
    shift
    # exec, so that $! of `on … &` is the command.
    exec ip netns exec "$(namespace "$host")" unshare --uts \
        sh -c 'hostname "$0" && exec taskset --cpu-list "$@"' "$host" "$(cores "$host")" "$@"
}

cores() { # host
    local count
    count=$(nproc)
    if [ "$count" = 1 ]; then echo 0; elif [ "$1" = alpha ]; then echo "0-$((count / 2 - 1))"; else echo "$((count / 2))-$((count - 1))"; fi
}

use_hosts() {
    export OMPI_MCA_plm_rsh_agent="ssh -F $scratch/ssh-config" OMPI_MCA_orte_keep_fqdn_hostnames=1
    export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=$link OMPI_MCA_oob_tcp_if_include=$link
}

cut_link() { ip -n "$(namespace "$1")" link set "$link" down; }  # host
mend_link() { # host
    local host
    ip -n "$(namespace "$1")" link set "$link" up
    for host in "${hosts[@]}"; do wait_for_server "$host"; done
}

running_on() { # host, names
    local process name own
    for process in $(ip netns pids "$(namespace "$1")"); do
        own=$(cat "/proc/$process/comm" 2>/dev/null) || continue
        for name in "${@:2}"; do if [ "$own" = "$name" ]; then echo "$process"; fi; done
    done
}

is_closed() {
    local host
    for host in "${hosts[@]}"; do
        [ "$(ip -n "$(namespace "$host")" -o link show | sed 's/^[0-9]*: \([a-z0-9]*\).*/\1/' | sort | tr '\n' ' ')" = "$link lo " ] || return 1
        [ "$(ip -n "$(namespace "$host")" route show)" = "192.0.2.0/24 dev $link proto kernel scope link src ${address[$host]} " ] || return 1
    done
}

start_server() { # host
    mkdir -p /run/sshd
    (on "$1" /usr/sbin/sshd -D -e -f "$scratch/sshd-$1") 2>"$scratch/sshd-$1.log" &
    servers+=($!)
}

wait_for_server() { # host
    local attempt
    for attempt in $(seq 50); do
        if (on alpha ssh -F "$scratch/ssh-config" "$1" true) 2>/dev/null; then return; fi
        sleep 0.1
    done
    cat "$scratch/sshd-$1.log" >&2
    fail "the ssh server of $1 does not answer"
}

over_hosts() { # command…
    local ranks=${TRAINER_RANKS_A_HOST:-1}
    local options=(
        --host "alpha:$ranks,beta:$ranks" -np $((2 * ranks)) --bind-to none --map-by "${TRAINER_MAP_BY:-slot}" --wdir "$PWD"
        --mca plm_rsh_agent "ssh -F $scratch/ssh-config" --mca orte_keep_fqdn_hostnames 1
        --mca btl tcp,self --mca btl_tcp_if_include "$link" --mca oob_tcp_if_include "$link")
    if [ "$(id -u)" = 0 ]; then options+=(--allow-run-as-root); fi
    local variable
    for variable in $(compgen -e TRAINER_); do options+=(-x "$variable"); done
    # In the background, because bash runs a trap only after a command in the foreground has ended.
    (on alpha mpirun "${options[@]}" "$@") </dev/null &
    job=$!
    local code=0
    wait "$job" || code=$?
    job=
    return "$code"
}

remove_hosts() {
    local host name process
    if [ -n "$job" ]; then
        kill -TERM "$job" 2>/dev/null || true
        # A job that waits for a host behind a link that is cut may not end by itself.
        local attempt
        for attempt in $(seq 50); do
            kill -0 "$job" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$job" 2>/dev/null || true
        wait "$job" 2>/dev/null || true
        job=
    fi
    for process in "${servers[@]}"; do kill "$process" 2>/dev/null || true; done
    for process in "${servers[@]}"; do wait "$process" 2>/dev/null || true; done
    servers=()
    for host in "${hosts[@]}"; do
        name=$(namespace "$host")
        for process in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$process" 2>/dev/null || true; done
        ip netns del "$name" 2>/dev/null || true
        rm -rf "/etc/netns/$name"
    done
    rmdir /etc/netns 2>/dev/null || true
}
