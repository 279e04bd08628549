import Foundation
import JobHealth
import Supervision
import Training

/// Names of hosts as this machine knows them.
enum HostNames {
    /// Those of `names` that have no address here, where the daemons of `mpirun` are started by plain ssh.
    ///
    /// Empty where something else knows the names: an agent of the user's own, a batch system, or ssh's configuration.
    static func unknown(_ names: [String], _ environment: [String: String]) -> [String] {
        let managers = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PE_HOSTFILE"]
        if managers.contains(where: { environment[$0] != nil }) || LaunchAgent.setting(environment) != nil {
            return []
        }
        let unknown = names.filter { !hasAddress($0) }
        return unknown.isEmpty || sshHasNames(home: environment["HOME"]) ? [] : unknown
    }

    /// False only where the system is certain.
    private static func hasAddress(_ name: String) -> Bool {
        var addresses: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, nil, &addresses)
        if let addresses { freeaddrinfo(addresses) }
        return status != EAI_NONAME
    }

    /// Whether a configuration of ssh gives hosts other names.
    private static func sshHasNames(home: String?) -> Bool {
        let folder = "/etc/ssh/ssh_config.d"
        // A folder that is not there has no files.
        let parts = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { folder + "/" + $0 }
        return (["/etc/ssh/ssh_config", (home ?? "") + "/.ssh/config"] + parts).contains { path in
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.split(separator: "\n").contains {
                $0.drop(while: \.isWhitespace).lowercased().hasPrefix("hostname")
            }
        }
    }

    /// Refuses a job with hosts of unknown names, unless it may start without them. Throws `ErrorReport`,
    /// `SupervisionError`.
    static func check(_ source: HostSource, _ policy: RestartPolicy) throws {
        guard let hosts = try source.hosts(), let ranks = policy.ranks else { return }
        let unknown = unknown(hosts.map(\.name), ProcessInfo.processInfo.environment)
        let slots = hosts.reduce(0) { $0 + (unknown.contains($1.name) ? 0 : $1.slots) }
        if unknown.isEmpty || policy.restarts > 0 && slots >= ranks.lowerBound { return }
        let what = unknown.count == 1 ? "is no host that this machine knows" : "are no hosts that this machine knows"
        throw ErrorReport(
            text:
                "\(unknown.map { "'\($0)'" }.joined(separator: ", ")) \(what); correct the name, or give its address "
                + "in /etc/hosts or ~/.ssh/config",
            code: .usage)
    }
}
