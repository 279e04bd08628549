import Foundation
import NeuralNetwork
import System

/// What a model takes of a host's memory at the very least, so that one that can never fit is refused before it is
/// made.
enum MemoryNeed {
    /// The share of the layers' outputs that is certainly there at once; those of fused and freed ones are not.
    private static let keptShare = 0.25

    /// - Parameters:
    ///   - copies: of all parameters: weights, gradients, the optimizer's slots.
    ///   - samples: that a rank's threads have in their hands at once.
    ///   - ranksOnHost: ranks that share the host's memory.
    /// - Throws: `TrainingError.tooLittleMemory`.
    static func check(_ network: Network, copies: Int, samples: Int, ranksOnHost: Int) throws(TrainingError) {
        let parameters = 4.0 * Double(network.layout.count) * Double(copies)
        let models = network.models
        let outputs = models.flatMap(\.rows).reduce(0.0) { $0 + Double($1.activationBytes) } * keptShare
        let inputs = models.flatMap(\.inputs).reduce(0.0) { $0 + 4 * Double($1.shape.count) }
        let needed =
            Double(ranksOnHost) * (parameters + Double(samples) * (outputs + inputs))
        let available = Double(hostBytes)
        if needed > available {
            throw .tooLittleMemory(
                model: models.map(\.name).joined(separator: ", "), neededGigabytes: needed / 1e9,
                availableGigabytes: available / 1e9)
        }
    }

    /// Address space of a worker: OpenBLAS maps 128 MiB for each thread that multiplies, the C library as much for the
    /// thread's own memory, beside its stack.
    private static let bytesOfThread = 272 << 20
    /// For what else is mapped from now on.
    private static let bytesOfProcess = 64 << 20

    /// Refuses worker threads for which the limit on this process's address space leaves no room: OpenBLAS would wait
    /// for memory for ever.
    ///
    /// - Throws: `TrainingError.tooLittleAddressSpace`.
    static func checkAddressSpace(threads: Int) throws(TrainingError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max),
            let pages = FileManager.default.contents(atPath: "/proc/self/statm")
                .flatMap({ String(decoding: $0, as: UTF8.self).split(separator: " ").first.flatMap { Int($0) } })
        else { return }
        let needed =
            pages * sysconf(Int32(_SC_PAGESIZE)) + threads * MemoryNeed.bytesOfThread + MemoryNeed.bytesOfProcess
        if needed > Int(limit.rlim_cur) {
            throw .tooLittleAddressSpace(
                neededMegabytes: needed >> 20, limitMegabytes: Int(limit.rlim_cur) >> 20, threads: threads)
        }
    }

    /// Memory of the host, or of the tightest control group where that is less.
    static var hostBytes: Int {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return min(physical, ControlGroup().memoryBytes ?? .max)
    }
}
