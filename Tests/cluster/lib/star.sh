# Any number of hosts on one machine, each with a link to a switch: network namespaces with names of their own. Nothing that
# they send leaves this machine: they have that link and a loopback each, and no route to anywhere else. Commands are started
# on them by `ip netns exec` in place of ssh. Sourced by scripts that set `scratch` to a temporary folder and define
# `fail MESSAGE`.
#
#   make_star COUNT         makes node1, node2, …; ends the script with exit code 69 where this machine does not let it
#   set_links BITS DELAY    gives each a link that carries so many bits a second each way and delays them by so many
#                           microseconds (lib/links.c)
#   over_star COUNT command…    runs a command with mpirun, TRAINER_RANKS_A_HOST ranks (1) on each of the first COUNT nodes,
#                           and waits for it
#   remove_star             ends everything that runs on them and removes them; for a trap, also when little has been made

star=0
link=link0
job=
links=

namespace() { echo "trainer-$$-$1"; }
# Of the block that is reserved for documentation (RFC 5737).
address_of() { echo "192.0.2.$1"; } # number
hardware_of() { printf '02:00:00:00:00:%02x' "$1"; } # number

cannot_make_star() { # reason
    echo "${0##*/}: cannot make network namespaces here: $1" >&2
    exit 69
}

make_star() { # count
    [ "$(id -u)" = 0 ] || cannot_make_star "only root can"
    { command -v ip && command -v tc; } >/dev/null || cannot_make_star "install iproute2"
    [ -e /dev/net/tun ] || cannot_make_star "there is no /dev/net/tun"
    cc -O2 -o "$scratch/links" "$root/Tests/cluster/lib/links.c" || cannot_make_star "cannot compile links.c"
    local number node peer
    for number in $(seq "$1"); do
        node=$(namespace "node$number")
        ip netns add "$node" 2>"$scratch/ip.log" || cannot_make_star "$(tail -n 1 "$scratch/ip.log")"
        star=$number
        ip -n "$node" link set lo up
        # What every namespace may have. BBR, the default of some machines, spreads a short message over a third of a round trip.
        ip netns exec "$node" sh -c 'echo reno >/proc/sys/net/ipv4/tcp_congestion_control' || cannot_make_star "there is no TCP Reno"
        # `ip netns exec` shows a process these files in place of those in /etc.
        mkdir -p "/etc/netns/$node"
        {
            echo "127.0.0.1 localhost"
            for peer in $(seq "$1"); do echo "$(address_of "$peer") node$peer"; done
        } >"/etc/netns/$node/hosts"
    done
    cat >"$scratch/agent" <<AGENT
#!/bin/sh
host=\$1
shift
exec ip netns exec "trainer-$$-\$host" unshare --uts sh -c 'hostname "\$0" && exec sh -c "\$1"' "\$host" "\$*"
AGENT
    chmod +x "$scratch/agent"
}

end_links() {
    if [ -n "$links" ]; then
        kill "$links" 2>/dev/null || true
        wait "$links" 2>/dev/null || true
    fi
    links=
}

set_links() { # bits a second, microseconds
    local number node peer
    end_links
    mkfifo "$scratch/said"
    "$scratch/links" "trainer-$$" "$star" "$1" "$2" >"$scratch/said" 2>"$scratch/links.log" &
    links=$!
    read -r _ <"$scratch/said" || fail "the links can't be made: $(tail -n 1 "$scratch/links.log")"
    rm "$scratch/said"
    for number in $(seq "$star"); do
        node=$(namespace "node$number")
        ip -n "$node" link set "$link" address "$(hardware_of "$number")" txqueuelen 10000
        ip -n "$node" address add "$(address_of "$number")/24" dev "$link"
        ip -n "$node" link set "$link" up
        # As before a network card, TCP sees how much of each connection waits and sends no more; links.c alone would take
        # all that it has at once, and acknowledgements would wait behind megabytes.
        tc -n "$node" qdisc replace dev "$link" root tbf rate "$1" burst 128kb limit 64mb
        for peer in $(seq "$star"); do
            if [ "$peer" != "$number" ]; then
                ip -n "$node" neighbour replace "$(address_of "$peer")" lladdr "$(hardware_of "$peer")" dev "$link"
            fi
        done
    done
}

over_star() { # count, command…
    local count=$1 names='' number ranks=${TRAINER_RANKS_A_HOST:-1}
    shift
    for number in $(seq "$count"); do names+=${names:+,}node$number:$ranks; done
    local options=(
        --allow-run-as-root --host "$names" -np $((count * ranks)) --bind-to none --map-by slot --wdir "$PWD"
        --mca plm_rsh_agent "$scratch/agent" --mca plm_rsh_no_tree_spawn 1
        --mca btl tcp,self --mca btl_tcp_if_include "$link" --mca oob_tcp_if_include "$link")
    # In the background, because bash runs a trap only after a command in the foreground has ended.
    "$scratch/agent" node1 "$(printf '%q ' mpirun "${options[@]}" "$@")" </dev/null &
    job=$!
    local code=0
    wait "$job" || code=$?
    job=
    return "$code"
}

remove_star() {
    local number name process
    if [ -n "$job" ]; then
        kill -TERM "$job" 2>/dev/null || true
        wait "$job" 2>/dev/null || true
        job=
    fi
    end_links
    for name in $(seq -f 'node%g' "$star"); do
        name=$(namespace "$name")
        for process in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$process" 2>/dev/null || true; done
        ip netns del "$name" 2>/dev/null || true
        rm -rf "/etc/netns/$name"
    done
    rmdir /etc/netns 2>/dev/null || true
}
