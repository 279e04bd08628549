import TensorCore

/// Where units are largest over a data set.
package struct Peaks: Sendable {
    /// The largest value of a unit in one sample.
    package struct Peak: Equatable, Sendable {
        package var value: Float
        /// The sample's place in the data set.
        package var sample: Int
        /// The place in the unit's map, row by row.
        package var position: Int
    }

    /// By unit, the largest first; of equal ones the earlier sample.
    package let all: [[Peak]]
    package let samples: Int

    /// The same without peaks of 0: there a rectifier lets nothing through, and each sample is as good as any other.
    var excited: Peaks { Peaks(all: all.map { $0.filter { $0.value != 0 } }, samples: samples) }

    private init(all: [[Peak]], samples: Int) {
        self.all = all
        self.samples = samples
    }

    /// For each sample and unit the largest value and its position, the first of equal ones.
    static func numbers(_ value: Tensor, units: Int) -> [Double] {
        let channels = value.shape[-1]
        let size = value.shape.sample.count
        var result: [Double] = []
        for row in 0..<value.shape[0] {
            for unit in 0..<units {
                var best = unit
                for place in stride(from: unit, to: size, by: channels)
                where value.pointer[row * size + place] > value.pointer[row * size + best] { best = place }
                result += [Double(value.pointer[row * size + best]), Double(best / channels)]
            }
        }
        return result
    }

    /// - Parameters:
    ///   - grains: what ``numbers(_:units:)`` gave for each, in the order of the samples.
    ///   - best: how many peaks of each unit are kept.
    init(_ grains: [[Double]], units: Int, best: Int) {
        var all = [[Peak]](repeating: [], count: units)
        var sample = 0
        for grain in grains {
            for row in stride(from: 0, to: grain.count, by: 2 * units) {
                for unit in 0..<units {
                    all[unit].append(
                        Peak(
                            value: Float(grain[row + 2 * unit]), sample: sample,
                            position: Int(grain[row + 2 * unit + 1])))
                }
                sample += 1
            }
            for unit in 0..<units {
                all[unit] = Array(all[unit].sorted { ($1.value, $0.sample) < ($0.value, $1.sample) }.prefix(best))
            }
        }
        self.all = all
        samples = sample
    }
}
