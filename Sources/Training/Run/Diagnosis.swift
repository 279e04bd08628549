import Collectives
import Foundation

/// What a process has to work with, and what of it is wrong.
package struct Diagnosis: Sendable {
    private let ranksOnHost: Int

    package init(rank: Int, ranksOnHost: Int) { self.ranksOnHost = ranksOnHost }

    /// A line for each fact; lines that need attention begin with `problem:`.
    package var text: String { (facts + problems.map { "problem: \($0)" }).joined(separator: "\n") }

    private var facts: [String] {
        let environment = ProcessInfo.processInfo.environment
        return [
            "cores: \(Placement.usableCores) usable of \(Placement.onlineCores); \(ranksOnHost) "
                + "rank\(ranksOnHost == 1 ? "" : "s") here; "
                + "\(Placement.defaultThreads(ranksOnHost: ranksOnHost)) worker threads a rank by default",
            "vectors: \(vectors)",
            "BLAS: \(LinearAlgebra.description), kernels for \(LinearAlgebra.coreName)",
            "MPI: \(MPILibrary.version), "
                + (environment["OMPI_COMM_WORLD_SIZE"].map { "\($0) rank\($0 == "1" ? "" : "s")" }
                    ?? "not used; start with --np N or under mpirun"),
            "shared memory: \(freeBytes("/dev/shm").map { "\($0 >> 20) MiB free in /dev/shm" } ?? "no /dev/shm")",
            "open files: \(limit(RLIMIT_NOFILE)); file size: \(limit(RLIMIT_FSIZE))",
        ]
    }

    private var problems: [String] {
        var result: [String] = []
        if LinearAlgebra.isSlowerThanProcessor {
            result.append(
                "this processor has AVX-512 but OpenBLAS uses kernels for \(LinearAlgebra.coreName); unset "
                    + "TRAINER_BLAS_CORE"
            )
        }
        if ranksOnHost > Placement.onlineCores {
            result.append(
                "\(ranksOnHost) ranks on \(Placement.onlineCores) cores; start fewer, more are slower and give the "
                    + "same result"
            )
        }
        if let free = freeBytes("/dev/shm"), free < 64 << 20 {
            result.append(
                "less than 64 MiB in /dev/shm; ranks will exchange gradients by messages; enlarge it (docker: "
                    + "--shm-size=1g)"
            )
        }
        return result
    }

    private var vectors: String {
        let flags = LinearAlgebra.processorFlags
        let known = ["fma", "avx2", "avx512f", "avx512_bf16"].filter(flags.contains)
        return known.isEmpty ? "unknown" : known.joined(separator: " ")
    }

    private func freeBytes(_ path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    private func limit(_ resource: __rlimit_resource) -> String {
        var value = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &value) == 0 else { return "unknown" }
        return value.rlim_cur == .max ? "unlimited" : String(value.rlim_cur)
    }
}
