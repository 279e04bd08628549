import Foundation

/// The command line of `mpirun`, so that nobody needs to know its options.
package struct MPIRunCommand: Equatable, Sendable {
    /// How many ranks to start.
    package var ranks: Int
    /// Worker threads of each, nil for their share of the cores.
    package var threads: Int?
    /// Processors that this machine has to give.
    package var usableCores: Int
    /// The hosts with their slots; nil for this machine alone.
    package var hosts: [Host]?
    /// Variables of the environment that ranks on other hosts need too.
    package var exportedVariables: [String] = []
    /// Parameters of the launcher that the environment sets, as options. Open MPI 5's launcher, which reads variables
    /// of another name, understands those of Open MPI 4 as options.
    package var parameters: [String: String] = [:]

    package init(ranks: Int, threads: Int?, usableCores: Int, hosts: [Host]? = nil) {
        self.ranks = ranks
        self.threads = threads
        self.usableCores = usableCores
        self.hosts = hosts
    }

    /// The whole command that runs `program` with `arguments` as ranks.
    package func command(_ program: String, _ arguments: [String], workingDirectory: String) -> [String] {
        var command = ["mpirun", "-np", String(ranks)]
        if let hosts {
            command += ["--host", hosts.map { "\($0.name):\($0.slots)" }.joined(separator: ","), "--bind-to", "none"]
            command += ["--wdir", workingDirectory]
            // A lost link is noticed after half a minute instead of eight.
            command += [
                "--mca", "oob_tcp_keepalive_time", "15", "--mca", "oob_tcp_keepalive_intvl", "5", "--mca",
                "oob_tcp_keepalive_probes", "3",
            ]
            for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { command += ["--mca", name, value] }
            for name in exportedVariables { command += ["-x", name] }
        } else {
            if ranks > usableCores { command.append("--oversubscribe") }
            if ranks > usableCores || threads ?? 1 > 1 || usableCores % ranks != 0 || usableCores / ranks > 1 {
                command += ["--bind-to", "none"]
            }
        }
        return command + [program] + arguments
    }

    /// Takes the agent and the networks that the environment names.
    package mutating func setParameters(_ environment: [String: String]) {
        parameters = [:]
        for name in ["plm_rsh_agent", "oob_tcp_if_include", "oob_tcp_if_exclude"] {
            let variable = "OMPI_MCA_" + name
            if !unwantedVariables.contains(variable), let value = environment[variable] { parameters[name] = value }
        }
    }

    /// Variables that its environment must not have.
    ///
    /// Ranks on this machine alone talk over its loopback; the network that the user has chosen may be what has failed.
    package var unwantedVariables: [String] {
        guard let hosts, hosts.allSatisfy(\.isThisMachine) else { return [] }
        return ["oob_tcp", "btl_tcp"].flatMap { ["OMPI_MCA_\($0)_if_include", "OMPI_MCA_\($0)_if_exclude"] }
    }

    /// Gives a user without a home one, which `mpirun` looks for its settings in and ends without.
    package static func provideHome() {
        if getenv("HOME") != nil || getpwuid(geteuid()) != nil { return }
        setenv("HOME", getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp", 1)
    }

    /// Sets what makes `mpirun` run for root, the usual user in containers. What the user has set stays.
    package static func allowRoot() {
        guard geteuid() == 0 else { return }
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0)
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0)
    }
}
