import Autograd
import TensorCore
import TestSupport
import Testing

/// Losses against their formulas in double precision.
@Suite struct LossContractTests {
    typealias Input = OperationContract.Input

    static let elementwise = [[1], [6], [3, 5], [2, 3, 4, 2], [0, 3]].flatMap { shape -> [OperationContract] in
        let probabilities = TestDomain.uniform(0.05...0.95)
        return [
            OperationContract(
                "meanSquaredError", [Input(shape), Input(shape)],
                reference: { DoubleReference.meanSquaredError($0[0], $0[1]) }
            ) { meanSquaredError($0[0], $0[1]) },
            OperationContract(
                "binaryCrossEntropy", [Input(shape, probabilities), Input(shape, probabilities)],
                reference: { DoubleReference.binaryCrossEntropy($0[0], $0[1]) }
            ) { binaryCrossEntropy($0[0], $0[1]) },
            OperationContract(
                "binaryCrossEntropyFromLogits", [Input(shape), Input(shape, probabilities)],
                reference: { DoubleReference.binaryCrossEntropyFromLogits($0[0], $0[1]) }
            ) { binaryCrossEntropyFromLogits($0[0], $0[1]) },
        ]
    }

    /// The kink m = c x is at x = ±m; c is kept near ±1, so that numerical derivatives stay on one side.
    static let hinges = [[1], [7], [3, 5], [2, 3, 4, 2], [0, 3]].flatMap { shape in
        [Float(1), 0.5].flatMap { margin -> [OperationContract] in
            let away = TestDomain.away(from: [Double(margin), -Double(margin)])
            return [0.99...1.01, -1.01...(-0.99)].map { signs in
                OperationContract(
                    "hinge, margin \(margin)", [Input(shape, away), Input(shape, .uniform(signs))],
                    reference: { DoubleReference.hinge($0[0], $0[1], margin: Double(margin)) }
                ) { hinge($0[0], $0[1], margin: margin) }
            }
        }
    }

    /// Scores on the right and on the wrong side, away from the kink at 0.
    static let perceptrons = [[1], [7], [3, 5], [0, 3]].flatMap { shape in
        [0.5...1.5, -1.5...(-0.5)].map { signs in
            OperationContract(
                "perceptronCriterion", [Input(shape, TestDomain.away(from: [0])), Input(shape, .uniform(signs))],
                reference: { DoubleReference.hinge($0[0], $0[1], margin: 0) }
            ) { perceptronCriterion($0[0], $0[1]) }
        }
    }

    @Test func theOutputZeroIsWrongForTheSecondClassAloneAndANaNIsNotHidden() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([0, 0, 2, -2, 3], [5], pool: tape.pool))
        let loss = perceptronCriterion(x, tape.constant(Tensor([1, -1, -1, 1, 1], [5], pool: tape.pool)))
        #expect(loss.value.values == [4])
        tape.backward(from: loss)
        #expect(tape.gradient(of: x)?.values == [-1, 0, 1, -1, 0])
        let unknown = tape.constant(Tensor([.nan], [1], pool: tape.pool))
        for sign: Float in [1, -1] {
            let signs = tape.constant(Tensor([sign], [1], pool: tape.pool))
            #expect(perceptronCriterion(unknown, signs).value.values[0].isNaN)
        }
    }

    static let signed = [[1], [7], [3, 5], [2, 3, 4, 2], [0, 3]].map { shape in
        OperationContract(
            "logLoss", [Input(shape), Input(shape, .uniform(0.5...1.5))],
            reference: { DoubleReference.logLoss($0[0], $0[1]) }
        ) { logLoss($0[0], $0[1]) }
    }

    static let divergences = [[1], [6], [3, 5], [2, 3, 4, 2], [0, 3]].map { shape in
        OperationContract(
            "gaussianKL", [Input(shape), Input(shape)],
            reference: { DoubleReference.gaussianKL($0[0], logVariance: $0[1]) }
        ) { gaussianKL($0[0], logVariance: $0[1]) }
    }

    /// Losses of samples that count differently; the last one not at all.
    static let weighted: [OperationContract] = {
        let weights: [Float] = [2, 0.25, 1, 0]
        let doubles = weights.map(Double.init)
        let tensor: @Sendable () -> Tensor = { Tensor(weights, [4], pool: StoragePool()) }
        let shares = TestDomain.uniform(0.05...0.95)
        let labels: [Int32] = [1, 0, 2, 1]
        return [
            OperationContract(
                "weighted meanSquaredError", [Input([4, 3]), Input([4, 3])],
                reference: {
                    DoubleReference.weighted(doubles, $0) { DoubleReference.meanSquaredError($0[0], $0[1]) }
                }
            ) { meanSquaredError($0[0], $0[1], weights: tensor()) },
            OperationContract(
                "weighted binaryCrossEntropyFromLogits", [Input([4, 3]), Input([4, 3], shares)],
                reference: {
                    DoubleReference.weighted(doubles, $0) { DoubleReference.binaryCrossEntropyFromLogits($0[0], $0[1]) }
                }
            ) { binaryCrossEntropyFromLogits($0[0], $0[1], weights: tensor()) },
            OperationContract(
                "weighted gaussianKL", [Input([4, 3]), Input([4, 3])],
                reference: {
                    DoubleReference.weighted(doubles, $0) { DoubleReference.gaussianKL($0[0], logVariance: $0[1]) }
                }
            ) { gaussianKL($0[0], logVariance: $0[1], weights: tensor()) },
            OperationContract(
                "weighted maxMargin", [Input([4, 3])],
                reference: { inputs in
                    let rows = (0..<4).map { row in
                        DoubleReference.maxMargin(
                            DoubleTensor(Array(inputs[0].values[3 * row..<3 * row + 3]), [1, 3]), [labels[row]],
                            margin: 1
                        ).values[0]
                    }
                    return DoubleTensor([zip(doubles, rows).reduce(0) { $0 + $1.0 * $1.1 }], [])
                }
            ) { maxMargin($0[0], labels, weights: tensor()) },
        ]
    }()

    @Test func samplesOfWeightZeroAddNothingWhateverTheirValuesAre() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let weights = Tensor([1, 0], [2], pool: tape.pool)
        let target = tape.constant(Tensor([0, 0], [2, 1], pool: tape.pool))
        let x = tape.input(Tensor([3, .nan], [2, 1], pool: tape.pool))
        let loss = meanSquaredError(x, target, weights: weights)
        tape.backward(from: loss)
        #expect(loss.value.values == [9] && tape.gradient(of: x)?.values == [6, 0])
        let rows = tape.input(Tensor([1, 2, .nan, 0], [2, 2], pool: tape.pool))
        let margin = maxMargin(rows, [0, 1], weights: weights)
        tape.backward(from: margin)
        #expect(margin.value.values == [2] && tape.gradient(of: rows)?.values == [-1, 1, 0, 0])
    }

    /// Values far from their targets, on either side: the kink is where both are equal.
    static let absolute = [[1], [6], [3, 5], [2, 3, 4, 2], [0, 3]].flatMap { shape in
        [(1...2, -2...0.5), (-2...0.5, 1...2)].map { (values: ClosedRange<Double>, targets: ClosedRange<Double>) in
            OperationContract(
                "absoluteError", [Input(shape, .uniform(values)), Input(shape, .uniform(targets))],
                reference: { DoubleReference.absoluteError($0[0], $0[1]) }
            ) { absoluteError($0[0], $0[1]) }
        }
    }

    static let margins = [(1, 2), (7, 5), (3, 17), (0, 3), (2, 1)].flatMap { (rows, classes) in
        [Float(1), 0.25].map { margin in
            var numbers = TestNumbers(seed: 9)
            let labels = (0..<rows).map { _ in Int32(numbers.integer(below: classes)) }
            return OperationContract(
                "maxMargin, margin \(margin)", [Input([rows, classes])],
                reference: { DoubleReference.maxMargin($0[0], labels, margin: Double(margin)) }
            ) { maxMargin($0[0], labels, margin: margin) }
        }
    }

    @Test func aRowThatLeadsByTheMarginCostsNothingAndANaNIsNotHidden() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([3, 1, 0, 1, 2, 2], [2, 3], pool: tape.pool))
        let loss = maxMargin(x, [0, 1], margin: 2)
        #expect(loss.value.values == [2])
        tape.backward(from: loss)
        #expect(tape.gradient(of: x)?.values == [0, 0, 0, 0, -1, 1])
        for place in 0..<3 {
            var scores: [Float] = [3, 1, 0]
            scores[place] = .nan
            let unknown = tape.constant(Tensor(scores, [1, 3], pool: tape.pool))
            #expect(maxMargin(unknown, [0]).value.values[0].isNaN)
        }
        let equal = tape.input(Tensor([1], [1], pool: tape.pool))
        let error = absoluteError(equal, tape.constant(Tensor([1], [1], pool: tape.pool)))
        tape.backward(from: error)
        #expect(error.value.values == [0] && tape.gradient(of: equal)?.values == [0])
        #expect(absoluteError(equal, tape.constant(Tensor([.nan], [1], pool: tape.pool))).value.values[0].isNaN)
    }

    @Test func largeScoresOfTheLogLossDoNotOverflow() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([1000, -1000], [2], pool: tape.pool))
        let loss = logLoss(x, tape.constant(Tensor([1, 1], [2], pool: tape.pool)))
        #expect(loss.value.values == [1000])
        tape.backward(from: loss)
        #expect(tape.gradient(of: x)?.values == [0, -1])
    }

    @Test func aHingeCostsNothingFromTheMarginOnAndHidesNoNaN() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([2, -2, 3, 1, -1], [5], pool: tape.pool))
        let classes = tape.constant(Tensor([1, -1, 1, 1, -1], [5], pool: tape.pool))
        let loss = hinge(x, classes, margin: 2)
        #expect(loss.value.values == [2])
        tape.backward(from: loss)
        #expect(tape.gradient(of: x)?.values == [0, 0, 0, -1, 1])
        let unknown = tape.constant(Tensor([.nan], [1], pool: tape.pool))
        #expect(hinge(unknown, unknown).value.values[0].isNaN)
    }

    static let classification = [(1, 2), (7, 5), (3, 17), (0, 3)].flatMap { (rows, classes) -> [OperationContract] in
        var numbers = TestNumbers(seed: 4)
        let labels = (0..<rows).map { _ in Int32(numbers.integer(below: classes)) }
        let soft = numbers.floats(rows * classes, .uniform(0...1))
        return [Float(0), 0.1].flatMap { smoothing -> [OperationContract] in
            [
                OperationContract(
                    "crossEntropy of classes, smoothing \(smoothing)", [Input([rows, classes])],
                    reference: {
                        DoubleReference.crossEntropy(
                            $0[0], DoubleReference.oneHot(labels, classes: classes), smoothing: Double(smoothing))
                    }, { crossEntropy($0[0], .indices(labels), smoothing: smoothing).loss }),
                OperationContract(
                    "crossEntropy of distributions, smoothing \(smoothing)", [Input([rows, classes])],
                    reference: {
                        DoubleReference.crossEntropy(
                            $0[0], DoubleTensor(soft, [rows, classes]), smoothing: Double(smoothing))
                    },
                    {
                        let pool = StoragePool()
                        return crossEntropy(
                            $0[0], .distribution(Tensor(soft, [rows, classes], pool: pool)), smoothing: smoothing
                        ).loss
                    }),
            ]
        }
    }

    /// Logits [N, T, K]; labels below 0 and weights of 0 leave their rows out.
    static let sequences = [Float(0), 0.1].flatMap { smoothing -> [OperationContract] in
        let labels: [Int32] = [2, -1, 0, 3, -7, 1]
        let weights: [Float] = [1, 3, 0.5, 2, 1, 0]
        let oneHot = DoubleReference.oneHot(labels.map { max($0, 0) }, classes: 4)
        func contract(_ name: String, _ rows: [Double], _ weights: [Float]?) -> OperationContract {
            OperationContract(
                "crossEntropy of \(name), smoothing \(smoothing)", [Input([2, 3, 4])],
                reference: {
                    DoubleReference.weightedCrossEntropy(
                        DoubleTensor($0[0].values, [6, 4]), oneHot, weights: rows, smoothing: Double(smoothing))
                },
                {
                    let pool = StoragePool()
                    return crossEntropy(
                        $0[0], .indices(labels), weights: weights.map { Tensor($0, [6], pool: pool) },
                        smoothing: smoothing
                    ).loss
                })
        }
        return [
            contract("a sequence", [1, 0, 1, 1, 0, 1], nil),
            contract("a weighted sequence", [1, 0, 0.5, 2, 0, 0], weights),
        ]
    }

    @Test func ignoredRowsCountNothingWhateverTheirLogitsAre() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([.nan, 1, 2, 1, 0, 3], [3, 2], pool: tape.pool))
        let weights = Tensor([1, 1, 0], [3], pool: tape.pool)
        let (loss, correct) = crossEntropy(x, .indices([-1, 0, 1]), weights: weights)
        #expect(correct == 1 && loss.value.values[0].isFinite)
        tape.backward(from: loss)
        let gradient = tape.gradient(of: x)?.values ?? []
        #expect(gradient.count == 6 && [0, 1, 4, 5].allSatisfy { gradient[$0] == 0 } && gradient[2] < 0)
    }

    /// A sample's values are added in lanes and blocks, where one serial sum in single precision would lose digits.
    @Test func longSamplesLoseNoTerms() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let count = 300_000
        let x = tape.constant(Tensor(Array(repeating: 0.1, count: count), [1, count], pool: tape.pool))
        let zero = tape.constant(Tensor(Array(repeating: 0, count: count), [1, count], pool: tape.pool))
        let loss = meanSquaredError(x, zero).value.values[0]
        // The rounding of count / 1024 + 64 additions; a serial sum errs by some 10⁻³ here.
        #expect(abs(Double(loss) / 0.01 - 1) < 1e-6)
    }

    static let multiTask = OperationContract(
        "weightedSum", [Input([3, 2]), Input([3, 2]), Input([3, 2])],
        reference: {
            let first = DoubleReference.meanSquaredError($0[0], $0[2]).values[0]
            let second = DoubleReference.meanSquaredError($0[1], $0[2]).values[0]
            return DoubleTensor([0.25 * first - 3 * second], [])
        },
        { weightedSum([(meanSquaredError($0[0], $0[2]), 0.25), (meanSquaredError($0[1], $0[2]), -3)]) })

    @Test(
        arguments: elementwise + hinges + perceptrons + signed + absolute + margins + classification + sequences
            + divergences
            + weighted
            + [multiTask])
    func keepsItsContract(
        _ contract: OperationContract
    ) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
