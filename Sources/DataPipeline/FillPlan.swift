import TensorCore

/// What stands for values of a field that are not known, NaN in its raw form. The numbers are those of the training
/// samples; they are kept with the weights, so that whatever these are applied to is filled alike.
package struct FillPlan: Equatable, Sendable {
    package enum Rule: Equatable, Sendable {
        /// Of the known values of one channel.
        case mean, median
        /// Of several values that are as frequent the smallest; of categories the first.
        case mostFrequent
        /// A number for each channel.
        case values([Float])
    }

    /// Channels that are known together or not at all: one number, or the 0 and 1 of a column's categories.
    package struct Part: Equatable, Sendable {
        /// For errors.
        package let column: String
        package let channels: Range<Int>
        package let rule: Rule

        package init(column: String, channels: Range<Int>, rule: Rule) {
            self.column = column
            self.channels = channels
            self.rule = rule
        }
    }

    package let parts: [Part]

    package init(_ parts: [Part]) { self.parts = parts }

    /// What each channel of a field is filled with, from the samples of `dataset`; 0 where it is never missing.
    ///
    /// - Throws: `DataError.nothingKnown` for a column that none of them knows, and what reading throws.
    package func values(from dataset: any Dataset, field: Int) throws -> [Float] {
        var known: [[Float]] = parts.map { _ in [] }
        var row = [Float](repeating: 0, count: dataset.fields[field].shape.count)
        for index in 0..<dataset.count {
            try row.withUnsafeMutableBufferPointer { try dataset.read(index, field: field, into: $0) }
            for (place, part) in parts.enumerated() where part.rule.needsSamples {
                let values = row[part.channels]
                guard let first = values.first, !first.isNaN else { continue }
                // Of categories the place of the one.
                known[place].append(
                    values.count == 1
                        ? first
                        : Float((values.firstIndex(of: 1) ?? part.channels.lowerBound) - part.channels.lowerBound))
            }
        }
        var result = [Float](repeating: 0, count: dataset.fields[field].channels)
        for (part, values) in zip(parts, known) {
            if part.rule.needsSamples, values.isEmpty {
                throw DataError.nothingKnown(dataset: dataset.name, column: part.column)
            }
            for (channel, value) in zip(part.channels, part.filled(from: values)) { result[channel] = value }
        }
        return result
    }
}

extension FillPlan.Rule {
    fileprivate var needsSamples: Bool { if case .values = self { false } else { true } }
}

extension FillPlan.Part {
    /// A number for each channel, from what is known.
    fileprivate func filled(from known: [Float]) -> [Float] {
        switch rule {
        case .values(let values): return values
        case .mean: return [Float(known.reduce(0.0) { $0 + Double($1) } / Double(known.count))]
        case .median:
            let sorted = known.sorted()
            let middle = sorted.count / 2
            if sorted.count % 2 == 1 { return [sorted[middle]] }
            return [Float((Double(sorted[middle - 1]) + Double(sorted[middle])) / 2)]
        case .mostFrequent:
            var counts: [Float: Int] = [:]
            for value in known { counts[value, default: 0] += 1 }
            let best = counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 0
            return channels.count == 1 ? [best] : channels.indices.map { $0 - channels.lowerBound == Int(best) ? 1 : 0 }
        }
    }
}
