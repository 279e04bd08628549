import CMPI
import Foundation

/// Which processors of its host a rank should run on, where the launcher's default leaves some unused.
///
/// Open MPI binds each rank to one core when there are at most two ranks, and to a socket otherwise, unless it is told
/// what to do. A rank with worker threads then has one core for all of them. Where nobody asked for that binding, the
/// ranks of a host share all processors of their launcher evenly. Open MPI 4 says in the environment that it has bound
/// ranks; of Open MPI 5 the launcher's command line tells whether somebody asked, which only its own machine shows.
package enum Binding {
    /// This rank's even share of the launcher's processors; nil where the launcher's binding should stay.
    ///
    /// - Parameters:
    ///   - environment: the process's.
    ///   - launcher: the command line of the process that started this one.
    ///   - launcherProcessors: those that the launcher itself may use, ascending.
    package static func share(
        _ environment: [String: String], startedBy launcher: [String], of launcherProcessors: [Int]
    ) -> [Int]? {
        guard isDefault(environment, startedBy: launcher),
            let rank = environment["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap(Int.init),
            let size = environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap(Int.init), rank >= 0, rank < size,
            size <= launcherProcessors.count
        else { return nil }
        return part(rank, of: size, launcherProcessors)
    }

    /// Whether ranks are bound, and in the way that Open MPI chooses where nobody does.
    private static func isDefault(_ environment: [String: String], startedBy launcher: [String]) -> Bool {
        let settings = [
            "OMPI_MCA_hwloc_base_binding_policy", "PRTE_MCA_hwloc_default_binding_policy",
            "PRTE_MCA_rmaps_default_mapping_policy",
        ]
        if settings.contains(where: { environment[$0] != nil }) { return false }
        if environment["PRTE_LAUNCHED"] == nil { return environment["OMPI_MCA_orte_bound_at_launch"] != nil }
        let options = ["--bind-to", "--map-by", "--rank-by", "--cpu-set", "--cpu-list", "--rankfile", "-rf"]
        return launcher.first.map { ["mpirun", "mpiexec", "prterun"].contains($0.split(separator: "/").last) } ?? false
            && !launcher.contains { word in options.contains { word == $0 || word.hasPrefix($0 + "=") } }
    }

    /// Moves this process to its share; to be called before it makes threads. Where that fails it stays where it is.
    package static func apply(_ environment: [String: String]) {
        guard let text = try? String(contentsOfFile: "/proc/\(getppid())/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") }),
            let command = try? String(contentsOfFile: "/proc/\(getppid())/cmdline", encoding: .utf8),
            let share = share(
                environment, startedBy: command.split(separator: "\0").map(String.init),
                of: processors(inList: line.dropFirst("Cpus_allowed_list:".count)))
        else { return }
        run(on: share)
    }

    /// Lets the calling thread, and what it starts from now on, run on these processors alone. Where that fails it
    /// stays where it is.
    package static func run(on processors: [Int]) {
        var words = [UInt64](repeating: 0, count: HostInformation.processorMaskWords)
        for processor in processors where processor < 64 * words.count {
            words[processor / 64] |= 1 << UInt64(processor % 64)
        }
        _ = cmpi_run_on_processors(words, Int32(words.count))
    }

    /// The processors that the calling thread may run on, ascending.
    package static var ownProcessors: [Int] {
        (0..<HostInformation.processorMaskWords).flatMap { word in
            let mask = HostInformation.processorMask(word: word)
            return (0..<64).filter { mask >> UInt64($0) & 1 == 1 }.map { 64 * word + $0 }
        }
    }

    /// Part `index` of `processors`, cut evenly into `count` that have none in common.
    package static func part(_ index: Int, of count: Int, _ processors: [Int]) -> [Int] {
        Array(processors[index * processors.count / count..<(index + 1) * processors.count / count])
    }

    /// `0-3,8` as [0, 1, 2, 3, 8]; parts that are no numbers are left out.
    package static func processors(inList text: some StringProtocol) -> [Int] {
        text.split(separator: ",").flatMap { part -> [Int] in
            let bounds = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard let first = bounds.first, let last = bounds.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
