import Autograd
import ConfigurationReading
import TensorCore

/// The sum of several values of one shape, in their order.
struct Addition: Layer {
    var rectifies = false

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        var sum = inputs[0]
        for index in inputs.indices.dropFirst() {
            sum = add(sum, inputs[index], rectify: rectifies && index == inputs.count - 1)
        }
        return sum
    }

    func fused(with next: any Layer) -> (any Layer)? {
        rectifies || !(next is Rectifier) ? nil : Addition(rectifies: true)
    }

    static let entry = LayerEntry("add", "The sum of the values that `from` names.") { _ in Kind() }

    struct Kind: LayerKind {
        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            guard inputs.count > 1 else {
                throw ModelError.inputCount(layer: path, count: inputs.count, expected: "two or more values")
            }
            let shape = builder.shape(of: inputs[0])
            for other in inputs where builder.shape(of: other) != shape {
                throw ModelError.branchesDiffer(layer: path, shape, builder.shape(of: other))
            }
            return builder.add(
                Addition(), "add", inputs, shape, path, additions: (inputs.count - 1) * shape.count)
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
