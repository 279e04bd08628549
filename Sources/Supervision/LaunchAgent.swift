/// The command with which `mpirun` starts its daemons on other hosts, as the environment names it: for Open MPI 4 and
/// 5, which read variables of different names.
package enum LaunchAgent {
    /// What Open MPI 4 and 5 call it, in the environment.
    static let variables = ["OMPI_MCA_plm_rsh_agent", "PRTE_MCA_plm_ssh_agent", "PRTE_MCA_prte_ssh_agent"]

    /// Nil where it is Open MPI's own choice, ssh. Alternatives are separated by colons, as in `ssh : rsh`.
    package static func setting(_ environment: [String: String]) -> String? {
        variables.lazy.compactMap { environment[$0] }.first
    }
}
