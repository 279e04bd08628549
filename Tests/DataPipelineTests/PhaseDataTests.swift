import DataPipeline
import Kernels
import TensorCore
import Testing

/// What phases with data of their own are made of: classes of a data set, data sets behind one another, plans in turn.
struct PhaseDataTests {
    private func table(_ function: TruthTable.Function) -> any Dataset {
        TruthTable(function: function).open(.train, path: nil, imports: [:])
    }

    @Test("samples of some classes keep their order, values and class numbers")
    func classes() throws {
        let digits = Digits().open(.test, path: nil, imports: [:])
        let some = try ClassSubset([2, 7], of: digits, field: "label")
        let places = try (0..<digits.count).filter { [2, 7].contains(try digits.label($0)) }
        #expect(some.count == places.count && some.count > 0)
        for index in [0, 1, 17, some.count - 1] {
            #expect(try some.label(index) == digits.label(places[index]))
            #expect(try some.values(index) == digits.values(places[index]))
            #expect(some.sampleID(of: index) == digits.sampleID(of: places[index]))
        }
        #expect(some.fields == digits.fields && some.classCount == digits.classCount)
        #expect(some.fingerprint != digits.fingerprint)
        #expect(try ClassSubset([2], of: digits, field: "label").fingerprint != some.fingerprint)
    }

    @Test("joined data sets have the samples of each, in order")
    func joined() throws {
        let all = JoinedDataset([table(.and), table(.xor), table(.or)])
        #expect(all.count == 12 && all.start(ofPart: 2) == 8)
        #expect(try (0..<12).map { try all.label($0) } == [0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1])
        #expect(try all.values(6) == [0, 1])
        #expect(all.sampleID(of: 6) == 2)
        #expect(all.fingerprint != JoinedDataset([table(.xor), table(.and), table(.or)]).fingerprint)
    }

    @Test("plans in turn begin anew, each over its own samples")
    func plans() {
        let key = RandomKey(seed: 1)
        let first = BatchPlan(sampleCount: 10, batchSize: 4, grainSize: 2, key: key)
        let second = BatchPlan(sampleCount: 7, batchSize: 4, grainSize: 2, key: key.folding(1))
        let plan = PhasedPlan(
            [.init(first, firstStep: 0, firstSample: 0), .init(second, firstStep: 6, firstSample: 10)],
            stepsPerEpoch: 3)
        #expect(plan.grainsPerStep == 2 && plan.stepsPerEpoch == 3 && plan.largestGrain == 2)
        for grain in 0..<2 {
            for step in 0..<6 {
                #expect(Array(plan.samples(step: step, grain: grain)) == Array(first.samples(step: step, grain: grain)))
            }
            for step in 6..<10 {
                let own = second.samples(step: step - 6, grain: grain)
                let moved = plan.samples(step: step, grain: grain)
                #expect(Array(moved) == own.map { $0 + 10 } && moved.epoch == own.epoch)
            }
        }
    }
}
