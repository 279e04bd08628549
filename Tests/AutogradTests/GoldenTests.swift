import TestSupport
import Testing

/// Every operation against the reference cases that PyTorch computed: value and all gradients.
@Suite struct GoldenTests {
    /// Cases whose operation is checked by another suite, with its name; companions of another case are checked with
    /// it.
    static let coveredElsewhere = [
        "optimizer": "OptimizationTests",
        "rnn": "RecurrentTests", "lstm": "RecurrentTests", "gru": "RecurrentTests",
        "batch_norm_eval_stats": "the case batchnorm_eval, whose running statistics it holds",
    ]

    /// Operations that do not exist yet.
    static let notBuiltYet: Set<String> = []

    @Test(arguments: try GoldenCase.all().filter { goldenOperations[$0.operation] != nil })
    func valueAndGradientsAgreeWithTheReference(_ golden: GoldenCase) throws {
        let operation = try #require(goldenOperations[golden.operation])
        let comparisons = try operation(golden)
        #expect(!comparisons.isEmpty)
        for comparison in comparisons { #expect(comparison.isClose, "\(golden.name): \(comparison)") }
    }

    @Test func everyOperationIsCheckedOrKnownToBeMissing() throws {
        let cases = try GoldenCase.all()
        #expect(!cases.isEmpty, "no *.safetensors in \(GoldenCase.directory)")
        let operations = Set(cases.map(\.operation))
        let unknown = operations.subtracting(goldenOperations.keys).subtracting(Self.coveredElsewhere.keys)
            .subtracting(Self.notBuiltYet)
        #expect(unknown.isEmpty, "add these operations to goldenOperations, or to notBuiltYet")
        #expect(
            Self.notBuiltYet.isDisjoint(with: goldenOperations.keys), "built operations don't belong in notBuiltYet")
        #expect(Set(Self.coveredElsewhere.keys).isDisjoint(with: goldenOperations.keys))

        let run = cases.filter { goldenOperations[$0.operation] != nil }.count
        let elsewhere = cases.filter { Self.coveredElsewhere[$0.operation] != nil }.count
        let missing = cases.filter { Self.notBuiltYet.contains($0.operation) }
        print(
            "golden cases in \(GoldenCase.directory): \(run) of \(cases.count) run, \(elsewhere) covered elsewhere, "
                + "\(missing.count) not built yet (\(Set(missing.map(\.operation)).sorted().joined(separator: ", ")))")
        #expect(run > 0)
    }
}
