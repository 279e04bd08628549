import Collectives
import Foundation
import System

/// The processors that a process may really use.
package enum Placement {
    /// Processors in this process's affinity mask, but not more than its control group's quota, at least 1.
    package static var usableCores: Int { max(1, min(affinityCores, quotaCores ?? .max)) }

    /// Worker threads of a rank when the user gives none: its share of the host's usable cores.
    package static func defaultThreads(ranksOnHost: Int) -> Int {
        // A mask smaller than the host was made for this rank by its launcher.
        if affinityCores < onlineCores {
            return max(1, min(affinityCores, quotaCores.map { $0 / ranksOnHost } ?? .max))
        }
        return max(1, usableCores / max(1, ranksOnHost))
    }

    /// Refuses threads for which the launcher has left this rank too few processors. Throws
    /// `TrainingError.boundToFewerCores`.
    static func check(threads: Int, worldSize: Int) throws {
        guard worldSize > 1, threads > affinityCores, let parent = coresOfParent, parent > affinityCores else { return }
        throw TrainingError.boundToFewerCores(cores: affinityCores, threads: threads)
    }

    /// Why a host's cores are too few for the worker threads that its ranks would like to run, with the option that
    /// ends it; nil where they suffice. Collective, and the same on all ranks.
    ///
    /// - Parameter threads: worker threads of this rank, nil for the default.
    package static func oversubscription(threads: Int?, _ ranks: Ranks) throws -> String? {
        let own = HostLoad(
            threads: threads ?? defaultThreads(ranksOnHost: ranks.hostSize),
            processors: ownProcessors.union(parentProcessors ?? []),
            quota: quotaCores)
        let loads = try ranks.merged([ranks.hostTable[ranks.rank]: own]) { lower, upper in
            lower.merge(upper) { $0.adding($1) }
        }
        return ranks.hosts.lazy.compactMap { host in loads?[host]?.warning(host: host) }.first
    }

    /// The number of processors that the process which started this one may use, `mpirun` for ranks on its host; nil
    /// where that can't be read.
    private static var coresOfParent: Int? { parentProcessors?.count }

    private static var parentProcessors: Set<Int>? { processors(of: "\(getppid())") }
    private static var ownProcessors: Set<Int> { processors(of: "self") ?? [] }

    /// The processors on which a process may run.
    private static func processors(of process: String) -> Set<Int>? {
        let key = "Cpus_allowed_list:"
        let line = read("/proc/\(process)/status")?.split(separator: "\n").first { $0.hasPrefix(key) }
        return line.map { Set(Binding.processors(inList: $0.dropFirst(key.count))) }
    }

    /// Processors of this host.
    package static var onlineCores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static var affinityCores: Int { HostInformation.allowedProcessors }

    /// Whole processors of the tightest control group's bandwidth limit; nil without one.
    private static var quotaCores: Int? { ControlGroup().processors }

    private static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
