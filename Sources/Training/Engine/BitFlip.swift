import DataParallel
import Foundation

/// A fault for the tests: one flipped bit of one rank's state, which the replica check must find.
///
/// `TRAINER_TEST_FLIP=RANK:STEP:KIND:TENSOR:BIT`, read here alone, flips bit `BIT` of the tensor's memory after `STEP`
/// steps.
struct BitFlip {
    /// Finished steps.
    let step: Int
    private let kind: String
    private let tensor: String
    private let bit: Int

    /// Nil unless the environment asks for one on this rank.
    init?(rank: Int, environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard let parts = environment["TRAINER_TEST_FLIP"]?.split(separator: ":").map(String.init), parts.count == 5,
            Int(parts[0]) == rank, let step = Int(parts[1]), let bit = Int(parts[4]), bit >= 0
        else { return nil }
        self.step = step
        kind = parts[2]
        tensor = parts[3]
        self.bit = bit
    }

    func apply(to tensors: [ReplicaTensor]) {
        tensors.first { $0.name == tensor && $0.kind == kind }?.flip(bit: bit)
    }
}
