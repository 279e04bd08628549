import Foundation
import NeuralNetwork

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

    /// Memory of the host, or of the control group where that is less.
    static var hostBytes: Int {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { path in
            FileManager.default.contents(atPath: path).flatMap {
                Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        return ([physical] + limits).filter { $0 > 0 }.min() ?? .max
    }
}
