import Autograd
import ConfigurationReading
import TensorCore

/// The sum of several values of one shape, in their order; some may be vectors, which go with every position of the
/// first.
struct Addition: Layer {
    var rectifies = false
    /// Whether some are vectors.
    var addsVectors = false

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        var sum = inputs[0]
        for index in inputs.indices.dropFirst() {
            let rectify = rectifies && index == inputs.count - 1
            sum =
                inputs[index].shape.rank == sum.shape.rank
                ? add(sum, inputs[index], rectify: rectify) : addAtPositions(sum, inputs[index], rectify: rectify)
        }
        return sum
    }

    func fused(with next: any Layer) -> (any Layer)? {
        rectifies || !(next is Rectifier) ? nil : Addition(rectifies: true, addsVectors: addsVectors)
    }

    /// A sum of two with the layer that computes one of them; nil where there is no operation for both.
    func fused(with producer: any Layer, at position: Int) -> (any Layer)? {
        if rectifies { return nil }
        return addsVectors ? (position == 0 ? producer.fusedWithVector : nil) : producer.fusedWithSum
    }

    static let entry = LayerEntry(
        "add",
        "The sum of the values that `from` names. Where the first has positions, others may be vectors of its "
            + "channels, which are added at each: a condition."
    ) { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let (shape, hasVectors) = try builder.combined(inputs, path)
            return builder.add(
                Addition(addsVectors: hasVectors), "add", inputs, shape, path,
                additions: (inputs.count - 1) * shape.count, window: .position)
        }
    }
}

/// main(x) + shortcut(x); without a shortcut main(x) + x. He, Zhang, Ren and Sun 2016.
struct Residual: LayerKind {
    let main: [LayerSpecification]
    let shortcut: [LayerSpecification]

    static let entry = LayerEntry("residual", "The sum of two paths.", shorthand: "main") { reader in
        Residual(
            main: reader.required("main", .list(of: .section(), atLeast: 1), "Layers of the main path."),
            shortcut: reader.value(
                "shortcut", .list(of: .section()), default: [], "Layers of the shortcut; none for the identity."))
    }

    func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        _ = try builder.single(inputs, path)
        let main = try builder.sequence(main, input: inputs[0], prefix: path)
        let other =
            shortcut.isEmpty
            ? inputs[0] : try builder.branch(shortcut, input: inputs[0], prefix: path, name: "shortcut")
        return try Addition.Kind().build(&builder, [main, other], path)
    }
}

extension LayerSpecification {
    /// The sum of the values that the element reads.
    package static var add: LayerSpecification { .init(Addition.Kind()) }

    package static func residual(
        main: [LayerSpecification], shortcut: [LayerSpecification] = []
    ) -> LayerSpecification {
        .init(Residual(main: main, shortcut: shortcut))
    }
}
