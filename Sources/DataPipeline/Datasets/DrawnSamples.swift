import ConfigurationReading
import Kernels

/// How many samples a data set draws, and from which numbers: the keys that drawn data sets share.
package struct DrawnSamples: Equatable, Sendable {
    /// The number of samples for training, those for validation included.
    package let training: Int
    /// The number of samples for the test.
    package let test: Int
    /// Of the drawing; runs of different seeds usually share one.
    package let seed: Int

    package init(training: Int, test: Int, seed: Int = 0) {
        self.training = training
        self.test = test
        self.seed = seed
    }

    /// - Parameter things: what the samples are, in the words of the reference: `points`.
    init(from reader: ConfigurationReader, of things: String, training: ConfigurationNode, test: ConfigurationNode) {
        let title = things.prefix(1).uppercased() + things.dropFirst()
        self.init(
            training: reader.value(
                "training", .integer(in: 2...), default: training,
                "\(title) for training, those for validation included."),
            test: reader.value("test", .integer(in: 1...), default: test, "\(title) for the test."),
            seed: reader.value(
                "seed", .integer(in: 0...), default: 0, "Of the drawing: another one gives other \(things)."))
    }

    func count(of split: DatasetSplit) -> Int { split == .train ? training : test }
}

extension RandomKey {
    /// That of the samples of a drawn data set, which `name` tells from those of another part of it.
    init(drawing name: String, seed: UInt64) { self = RandomKey(seed: seed).folding(.drawing).folding(name: name) }
}

extension Fingerprint {
    /// Adds what the samples of a drawn data set follow from, and the numbers of a few of them, which tell another
    /// version of the program.
    mutating func feed(_ settings: String, count: Int, key: RandomKey, samples: Int, of sample: (Int) -> [Float]) {
        feed(settings)
        feed(count)
        feed(Int(bitPattern: UInt(key.bits)))
        for index in 0..<min(count, samples) {
            for value in sample(index) { feed(Int(value.bitPattern)) }
        }
    }
}
