import Foundation
import System

/// Asks hosts whether they can be reached, in the way in which `mpirun` will reach them.
struct HostProbe {
    /// The command that runs a command on a host: `ssh`, or what Open MPI has been told to use.
    let agent: [String]
    /// How long a host may take to answer.
    static let patienceSeconds = 15.0

    /// Nil where a batch system starts the daemons, so that nothing is known about logins.
    init?(_ environment: [String: String]) {
        if ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PE_HOSTFILE"].contains(where: { environment[$0] != nil }) {
            return nil
        }
        let setting = LaunchAgent.setting(environment)?.split(separator: ":").first ?? "ssh"
        var agent = setting.split(separator: " ").map(String.init)
        if agent.isEmpty { agent = ["ssh"] }
        if agent[0].split(separator: "/").last == "ssh" { agent += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10"] }
        self.agent = agent
    }

    /// The hosts that do not answer, also when they are asked once more; returns early when a stop is requested.
    func unreachable(_ hosts: [Host], until requests: StopRequests) throws(SupervisionError) -> [String] {
        let end = Clock.seconds + HostProbe.patienceSeconds
        var silent = try ask(hosts.filter { !$0.isThisMachine }.map(\.name), endSeconds: end, requests)
        if silent.isEmpty || requests.first != nil { return [] }
        // A network that has just come back, or a server that is busy, refuses at first.
        requests.wait(seconds: 1)
        silent = try ask(silent, endSeconds: end, requests)
        return requests.first != nil ? [] : silent
    }

    /// Those of the hosts that have not answered when the time is over, all of which are asked at once.
    private func ask(_ names: [String], endSeconds: Double, _ requests: StopRequests) throws(SupervisionError)
        -> [String]
    {
        var waiting: [(name: String, child: ChildProcess)] = []
        for name in names { waiting.append((name, try ChildProcess(agent + [name, "true"], deathSignal: SIGKILL))) }
        while waiting.contains(where: { !$0.child.hasEnded() }), requests.first == nil,
            Clock.seconds < endSeconds
        {
            requests.wait(seconds: 0.05)
        }
        for entry in waiting where !entry.child.hasEnded() { kill(-entry.child.process, SIGKILL) }
        return waiting.filter { $0.child.end != .exited(0) }.map(\.name)
    }
}
