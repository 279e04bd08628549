import Foundation

/// A fault for the tests: one flipped bit of one rank's state, which the replica check must find.
///
/// `TRAINER_TEST_FLIP=RANK:STEP:KIND:TENSOR:BIT`, read here alone, asks for bit `BIT` of the tensor's memory after
/// `STEP` steps.
package struct BitFlip: Sendable {
    /// Finished steps.
    package let step: Int
    /// What the tensor is to the replica check: `weight`, `statistic` or an optimiser's slot.
    package let kind: String
    package let tensor: String
    package let bit: Int

    /// Nil unless the environment asks for one on this rank.
    package init?(rank: Int, environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard let parts = environment["TRAINER_TEST_FLIP"]?.split(separator: ":").map(String.init), parts.count == 5,
            Int(parts[0]) == rank, let step = Int(parts[1]), let bit = Int(parts[4]), bit >= 0
        else { return nil }
        self.step = step
        kind = parts[2]
        tensor = parts[3]
        self.bit = bit
    }
}
