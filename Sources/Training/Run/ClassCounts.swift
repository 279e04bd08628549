import DataPipeline

extension RunConfiguration {
    /// Whether a loss balances the classes by the training samples.
    var balancesClasses: Bool { phases.contains { !$0.objective.balancedTargets.isEmpty } }
}

extension RunData {
    /// How many training samples, or positions of them, have each class, of every field whose classes a loss balances;
    /// nil where none does. Every rank counts its share. Collective.
    func classCounts(for configuration: RunConfiguration, _ ranks: Ranks) throws -> [String: [Int]]? {
        guard configuration.balancesClasses else { return nil }
        var result: [String: [Int]] = [:]
        let names = configuration.phases.flatMap(\.objective.balancedTargets).compactMap {
            $0 ?? training.defaultTarget
        }
        for name in Set(names).sorted() {
            // What is no field of classes is refused where the losses are made.
            guard let field = training.fields.firstIndex(where: { $0.name == name }),
                let classes = training.fields[field].meaning.choiceCount
            else { continue }
            let share =
                ranks.rank * training.count / ranks.worldSize..<(ranks.rank + 1) * training.count / ranks.worldSize
            let own = try ranks.together {
                var counts = [Int64](repeating: 0, count: classes)
                var values = [Int32](repeating: 0, count: training.fields[field].shape.count)
                for sample in share {
                    try values.withUnsafeMutableBufferPointer {
                        try training.readIntegers(sample, field: field, into: $0)
                    }
                    for value in values where value >= 0 { counts[Int(value)] += 1 }
                }
                return counts
            }
            result[name] = try ranks.sum(own).map(Int.init)
        }
        return result
    }
}
