import Foundation
import NeuralNetwork
import TensorCore
import Testing

struct MetricTests {
    /// Rows of four scores, the second and third with equal largest ones.
    private let scores = tensor([1, 2, 3, 0, 5, 5, 0, 1, 7, 1, 7, 7, 0, 0, 0, 9], [4, 4])

    private static func tensor(_ values: [Float], _ shape: Shape) -> Tensor {
        Tensor(values, shape, pool: StoragePool())
    }

    /// The metric's value by its definition as an objective makes it.
    private func value(_ metric: any Metric, _ output: Tensor, _ target: Target) -> Double {
        let slot = MetricSums.lossSlot + 1
        let definition = MetricDefinition(
            metric.description, numerator: slot, denominator: slot + 1, transform: metric.transform)
        let own = metric.sums(output, target)
        #expect(own.count == metric.transform.slotCount)
        return definition.value(of: MetricSums(samples: 1, weight: 1, own: [0] + own))
    }

    @Test func aLoggedMetricIsKnownByItsName() {
        #expect(
            MetricDescription.logged("loss") == .loss && MetricDescription.logged("accuracy") == Accuracy().description)
        let ofOutput = MetricDescription.logged("digitAccuracy")
        #expect(ofOutput.title == "digit: Accuracy" && ofOutput.complement == "digitError" && ofOutput.higherIsBetter)
        #expect(MetricDescription.logged("firstSquaredError").title == "first: Squared error of a sample")
        #expect(MetricDescription.logged("freeEnergy") == MetricDescription("freeEnergy"))
    }

    @Test func accuracyTakesTheFirstOfEqualScores() {
        #expect(value(Accuracy(), scores, .classes([2, 0, 0, 3])) == 1)
        #expect(value(Accuracy(), scores, .classes([2, 1, 2, 0])) == 0.25)
        let oneHot = Self.tensor([0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1], [4, 4])
        #expect(value(Accuracy(), scores, .values(oneHot)) == 0.75)
    }

    @Test func aSingleScoreIsForTheSecondOfTwoClassesWhereItIsAboveZero() {
        let single = Self.tensor([0.5, -0.5, 0, .nan], [4, 1])
        #expect(Accuracy().sums(single, .classes([1, 0, 0, 0])) == [3, 4])
        #expect(Accuracy().sums(single, .classes([0, 1, 1, 1])) == [0, 4])
    }

    private func problem(_ metric: any Metric, classes: Int, _ output: Shape) -> String? {
        let names = (0..<classes).map(String.init)
        return metric.problem(
            output: output,
            target: FieldDescription(name: "y", elementType: .int32, shape: [], meaning: .classes(names: names)))
    }

    @Test func accuracyAndF1TakeAScoreForEachClassOrOneForTwo() {
        let f1 = ClassRate(.f1)
        #expect(problem(Accuracy(), classes: 2, [1]) == nil && problem(Accuracy(), classes: 2, [2]) == nil)
        #expect(problem(Accuracy(), classes: 3, [1]) == "y has 3 classes, but the output is [1]; make it [3]")
        #expect(problem(f1, classes: 2, [1]) == nil && problem(f1, classes: 2, [2]) == nil)
        #expect(problem(f1, classes: 2, [3]) == "y has 2 classes, but the output is [3]; make it [2]")
        #expect(problem(Perplexity(), classes: 2, [1]) == "y has 2 classes, but the output is [1]; make it [2]")
    }

    @Test func accuracyAndPerplexityCountEveryPosition() {
        let positions = scores.reshaped([2, 2, 4])
        #expect(value(Accuracy(), positions, .classes([2, 0, 1, 3])) == 0.75)
        #expect(Perplexity().sums(positions, .classes([2, 0, 1, 3]))[1] == 4)
    }

    @Test func rowWithoutNumbersIsWrong() {
        let output = Self.tensor([.nan, 0, 0, 1], [2, 2])
        #expect(value(Accuracy(), output, .classes([0, 1])) == 0.5)
        #expect(value(TopKError(k: 2), output, .classes([0, 1])) == 0.5)
    }

    // MARK: - Places

    private func field(_ shape: Shape, classes: Int? = nil) -> FieldDescription {
        FieldDescription(
            name: "y", elementType: classes == nil ? .float32 : .int32, shape: shape,
            meaning: classes.map { .classes(names: (0..<$0).map(String.init)) } ?? .real(names: []))
    }

    @Test func meanIntersectionOverUnionIsTheMeanOfTheClassesThatOccur() {
        let metric = MeanIntersectionOverUnion().measuring(field([4], classes: 4))
        // Taken for 2, 0, 0, 3 of what is 2, 0, 2, 0: of class 0 one of three, of 2 one of two, of 3 none of one.
        let sums = metric.sums(scores, .classes([2, 0, 2, 0]))
        #expect(sums == [1, 3, 0, 0, 1, 2, 0, 1])
        #expect(abs(value(metric, scores, .classes([2, 0, 2, 0])) - (1.0 / 3 + 0.5 + 0) / 3) < 1e-12)
        let undecided = Self.tensor([.nan, 0, 0, 1], [2, 2])
        let two = MeanIntersectionOverUnion().measuring(field([2], classes: 2))
        #expect(value(two, undecided, .classes([0, 1])) == 0.5)
        #expect(MeanIntersectionOverUnion().problem(output: [4, 4], target: field([4], classes: 4)) == nil)
        #expect(MeanIntersectionOverUnion().problem(output: [4, 3], target: field([4], classes: 4)) != nil)
    }

    @Test func boxesShareAnAreaOfTheirUnion() {
        let metric = BoxIntersectionOverUnion()
        // Equal ones; a quarter of two; apart; one without area; not a number.
        let boxes = Self.tensor(
            [0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 1, 1, 3, 3, 1, 1, .nan, 0, 2, 2], [5, 4])
        let wanted = Self.tensor([0, 0, 2, 2, 1, 1, 3, 3, 5, 5, 6, 6, 0, 0, 4, 4, 0, 0, 2, 2], [5, 4])
        #expect(metric.sums(boxes, .values(wanted)) == [1 + 1.0 / 7, 5])
        #expect(BoxIntersectionOverUnion.intersectionOverUnion([0, 0, 4, 2], [2, 0, 6, 2]) == 1.0 / 3)
        #expect(metric.problem(output: [4], target: field([4])) == nil)
        #expect(
            metric.problem(output: [3], target: field([3])) != nil
                && metric.problem(output: [4], target: field([])) != nil)
    }

    @Test func pointsAreAsFarApartAsTheirCoordinatesSay() {
        let metric = PointDistance().measuring(field([2, 2]))
        let points = Self.tensor([0, 0, 1, 1, 3, 4, 1, 1], [2, 2, 2])
        let wanted = Self.tensor([3, 4, 1, 1, 0, 0, 1, 3], [2, 2, 2])
        #expect(metric.sums(points, .values(wanted)) == [12, 4] && value(metric, points, .values(wanted)) == 3)
        let inSpace = PointDistance().measuring(field([3]))
        #expect(inSpace.sums(Self.tensor([0, 0, 0], [1, 3]), .values(Self.tensor([1, 2, 2], [1, 3]))) == [3, 1])
        #expect(
            metric.problem(output: [4], target: field([2, 2])) == nil
                && metric.problem(output: [2], target: field([2, 1])) != nil)
    }

    @Test func topKErrorCountsEqualScoresAgainstTheRow() {
        let target = Target.classes([2, 0, 0, 0])
        #expect(value(TopKError(k: 1), scores, target) == 0.75)
        #expect(value(TopKError(k: 2), scores, target) == 0.5)
        #expect(value(TopKError(k: 3), scores, target) == 0.25)
        #expect(value(TopKError(k: 5), scores, target) == 0)
        #expect(TopKError(k: 5).description.validationName == "valTop5Error")
    }

    @Test func bitsAndPerplexityPerCharacterDoNotDependOnTheVocabulary() {
        func field(_ words: [String]) -> FieldDescription {
            FieldDescription(name: "next", elementType: .int32, shape: [4], meaning: .tokens(vocabulary: words))
        }
        // "abab", "ü" and a half of it, and "c": 4 + 1 + 1 + 1 characters, each token with a probability of 1/4.
        let words = field(["abab", "ü", "<0xC3>", "c"])
        let equal = Self.tensor([Float](repeating: 0.5, count: 16), [1, 4, 4])
        let bits = BitsPerCharacter().measuring(words)
        #expect(bits.sums(equal, .classes([0, 1, 2, 3]))[1] == 7)
        #expect(abs(value(bits, equal, .classes([0, 1, 2, 3])) - 8.0 / 7) < 1e-12)
        #expect(bits.sums(equal, .classes([0, 0, 1, 1]))[1] == 10)
        #expect(
            BitsPerCharacter().measuring(field(["a", "<0xA9>", "<0xC3>", "b"])).sums(equal, .classes([2, 1, 0, 3]))[1]
                == 3)
        let perCharacter = Perplexity(per: .character).measuring(words)
        #expect(abs(value(perCharacter, equal, .classes([0, 1, 2, 3])) - pow(2, 8.0 / 7)) < 1e-12)
        #expect(abs(value(Perplexity().measuring(words), equal, .classes([0, 1, 2, 3])) - 4) < 1e-12)
        #expect(perCharacter.description.name == "characterPerplexity")
    }

    @Test func perplexityOfEqualScoresIsTheNumberOfClasses() {
        let output = Self.tensor(Array(repeating: 1000, count: 24), [3, 8])
        let target = Target.classes([0, 3, 7])
        #expect(abs(value(Perplexity(), output, target) - 8) < 1e-12)
        #expect(abs(value(BitsPerCharacter(), output, target) - 3) < 1e-12)
    }

    @Test func ratesOfAClassCountWhatIsFoundMistakenAndMissed() {
        // Found twice, taken for it once more, missed once; of the other class found once.
        let target = Target.classes([1, 1, 0, 1, 0])
        let single = Self.tensor([2, 0.1, 1, -3, 0], [5, 1])
        let pairs = Self.tensor([0, 2, 0, 0.1, 0, 1, 3, 0, 0, 0], [5, 2])
        for output in [single, pairs] {
            #expect(ClassRate(.f1).sums(output, target) == [4, 6])
            #expect(ClassRate(.precision).sums(output, target) == [2, 3])
            #expect(ClassRate(.recall).sums(output, target) == [2, 3])
            #expect(ClassRate(.f1, positive: 0).sums(output, target) == [2, 4])
            #expect(value(ClassRate(.f1), output, target) == 4.0 / 6)
        }
        // Rows for classes 1, 2, 0, 2 of three.
        let three = Self.tensor([0, 2, 0, 0, 0, 1, 3, 1, 2, 0, 1, 4], [4, 3])
        let wanted = Target.classes([1, 2, 2, 1])
        #expect(ClassRate(.precision, positive: 2).sums(three, wanted) == [1, 2])
        #expect(ClassRate(.recall, positive: 1).sums(three, wanted) == [1, 2])
        #expect(ClassRate(.recall, positive: 0).sums(three, wanted) == [0, 0])
    }

    @Test func ratesCountRowsWithoutNumbersAsWrongAndAreNoneOfNothing() {
        let output = Self.tensor([.nan, .nan, 1], [3, 1])
        #expect(ClassRate(.f1).sums(output, .classes([0, 1, 1])) == [2, 4])
        #expect(ClassRate(.precision).sums(output, .classes([0, 1, 1])) == [1, 2])
        #expect(ClassRate(.recall).sums(output, .classes([0, 1, 1])) == [1, 2])
        #expect(value(ClassRate(.f1), Self.tensor([-1, -1], [2, 1]), .classes([0, 0])).isNaN)
    }

    @Test func aRateSaysWhichClassWhereThereAreMoreThanTwo() {
        #expect(problem(ClassRate(.recall), classes: 2, [1]) == nil)
        #expect(problem(ClassRate(.recall), classes: 3, [3])?.contains("say with `positive`") == true)
        #expect(problem(ClassRate(.recall, positive: 2), classes: 3, [3]) == nil)
        #expect(
            problem(ClassRate(.recall, positive: 3), classes: 3, [3]) == "y has no class 3; give 0 to 2")
        #expect(ClassRate(.precision, positive: 3).description.validationName == "valPrecisionClass3")
    }

    @Test func errorsOfValues() {
        let output = Self.tensor([1, 2, 3, 6], [2, 2])
        let target = Target.values(Self.tensor([0, 2, 5, 9], [2, 2]))
        #expect(value(RootMeanSquareError(), output, target) == (14.0 / 4).squareRoot())
        #expect(value(MeanAbsoluteError(), output, target) == 1.5)
        // Of two samples.
        #expect(value(SquaredError(), output, target) == 7)
        // The targets' mean is 4, their sum of squared distances from it 46.
        #expect(abs(value(CoefficientOfDetermination(), output, target) - (1 - 14.0 / 46)) < 1e-15)
    }

    @Test func nothingCountedIsNotANumber() {
        let empty = MetricSums(ownCount: 3)
        #expect(MetricDefinition.loss.value(of: empty).isNaN)
    }

    @Test func namesInTheCatalogueAreUniqueAndFitTheirTargets() {
        let names = metricCatalogue.map(\.name)
        #expect(Set(names).count == names.count && !names.contains("loss"))
        // Logs know a metric without keys by the name that the configuration has for it.
        #expect(metricCatalogue.map(\.usual.description.name) == names)
        for kind in [MetricTargets.classes, .values] {
            #expect(usualMetrics(for: kind).allSatisfy { $0.targets == kind })
        }
    }
}
