import Autograd
import ConfigurationReading
import TensorCore

/// The squared distance of a vector from each unit's centre: [N, I] → [N, units].
///
/// The output layer of LeNet-5, where it is called Gaussian connections: LeCun, Bottou, Bengio and Haffner 1998,
/// section II.B. A class has a centre of ±1, given by hand or drawn, that does not learn; the output is a penalty, the
/// smaller the better.
struct RadialBasis: UnaryLayer {
    let centres: Parameter
    /// Whether the output is the distance's negative, the larger the better.
    let isScore: Bool

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let distance = squaredDistance(x, centres: x.parameter(centres))
        return isScore ? scaled(distance, by: -1) : distance
    }

    static let entry = LayerEntry(
        "radialBasis", "Squared distance from each unit's centre: the Gaussian connections of LeNet-5 of 1998.",
        shorthand: "units"
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let units: Int
        let isLearned: Bool
        let output: Output
        let initializer: LayerInitializer

        /// What the layer gives.
        enum Output: String, CaseIterable, Sendable {
            case distance
            case score
        }

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 1 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a vector [features]")
            }
            let shape: Shape = [units, input[0]]
            let centres = try builder.weightAndBias(
                path, shape, initializer, bias: false, role: isLearned ? .weight : .constant
            ).weight
            return builder.add(
                RadialBasis(centres: centres, isScore: output == .score), "radialBasis", inputs, [units], path,
                multiplyAdds: shape.count, additions: 2 * shape.count - units, window: .everything)
        }
    }
}

extension RadialBasis.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Number of centres.")
        isLearned = reader.value("learned", .flag, default: false, "Whether the centres are trained.")
        output = reader.value(
            "output", .choice(of: Output.self), default: "distance",
            "`distance` for a loss that makes it small; `score`, its negative, for crossEntropy and the like.")
        initializer = reader.value(
            "initializer", .section(), default: "signs", "The centres: drawn, or given as `values`.")
    }
}

extension LayerSpecification {
    /// - Parameters:
    ///   - isLearned: whether the centres are trained.
    ///   - isScore: whether the output is the distance's negative.
    package static func radialBasis(
        units: Int, isLearned: Bool = false, isScore: Bool = false,
        initializer: LayerInitializer = .init(.signs)
    ) -> LayerSpecification {
        .init(
            RadialBasis.Kind(
                units: units, isLearned: isLearned, output: isScore ? .score : .distance, initializer: initializer))
    }
}
