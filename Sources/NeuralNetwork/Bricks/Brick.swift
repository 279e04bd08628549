import Autograd
import ConfigurationReading
import System
import TensorCore

/// An activation function or a loss by itself, as a brick of a network: what it gives, and what its backward pass
/// makes of it.
///
/// It is found in the catalogues of layers and losses, and computed by the same operations as in training.
package struct Brick: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case activation, loss
    }

    /// Of what a loss compares.
    package enum TargetKind: Equatable, Sendable {
        /// An activation function, or a loss that has none.
        case nothing
        /// One number.
        case number
        /// One of so many classes, counted from 0.
        case oneOf(Int)
    }

    /// What a brick makes of its input.
    package struct Passes: Equatable, Sendable {
        /// Of the whole input; a loss has one.
        package let forward: [Float]
        /// The derivatives of the first output with respect to each value of the input.
        package let backward: [Float]
    }

    package let name: String
    package let documentation: String
    package let kind: Kind
    /// How many values it reads; more than one where the first output depends on all of them, as softmax's does.
    package let inputCount: Int
    package let target: TargetKind
    /// Whether what lies beside the first value is of another kind, such as logarithms of variances, and no part of
    /// the input whose derivatives are taken.
    package let readsOthers: Bool
    private let compute: @Sendable ([Float]) -> Passes

    /// What a brick is computed with.
    package struct Choice: Sendable {
        /// Values beside the first one, of a brick that reads several; for a loss that reads another output, its value.
        package var beside: [Float] = [0, 0]
        /// A loss's target: a number, or a class counted from 0; nil for the usual one.
        package var target: Float?
        /// Its keys, as `slope=0.2`.
        package var settings: [String] = []

        package init(beside: [Float] = [0, 0], target: Float? = nil, settings: [String] = []) {
            self.beside = beside
            self.target = target
            self.settings = settings
        }
    }

    /// Finds a brick by its name in the catalogues.
    ///
    /// - Throws: ``BrickError``, `ConfigurationError` for settings.
    package init(_ name: String, _ choice: Choice = Choice()) throws {
        if let entry = Activation.entries.first(where: { $0.name == name }) {
            let kind = try Brick.read(entry, choice.settings)
            guard let activation = kind as? Activation else {
                preconditionFailure("Brick: \(name) of the activations is none")
            }
            if choice.target != nil { throw BrickError.noTarget(name: name) }
            self.init(entry, activation.layer, choice)
        } else if let entry = lossCatalogue.first(where: { $0.name == name }) {
            try self.init(entry, try Brick.read(entry, choice.settings), choice)
        } else {
            throw BrickError.unknown(name: name, nearest: Brick.nearest(to: name), known: Brick.all.map(\.name))
        }
    }

    /// Every brick of the catalogues, with a sentence.
    package static var all: [(kind: Kind, name: String, documentation: String)] {
        let activations = Activation.entries.map {
            (kind: Kind.activation, name: $0.name, documentation: $0.documentation)
        }
        return activations + lossCatalogue.map { (kind: Kind.loss, name: $0.name, documentation: $0.documentation) }
    }

    /// The derivative of the first output with respect to the first value.
    package func passes(at x: Float, _ beside: [Float]) -> Passes {
        compute([x] + beside.prefix(inputCount - 1))
    }

    /// The same for a whole input.
    package func passes(_ input: [Float]) -> Passes { compute(input) }

    // MARK: - Activation functions

    private init(_ entry: LayerEntry, _ layer: any Layer, _ choice: Choice) {
        name = entry.name
        documentation = entry.documentation
        kind = .activation
        target = .nothing
        readsOthers = false
        let compute: @Sendable ([Float]) -> Passes = { input in
            Brick.passes(input) { layer([$0], mode: .evaluation) }
        }
        self.compute = compute
        // One that looks at its neighbours gives something else beside others.
        let alone = compute([0.5, -1, 2])
        let together = compute([0.5, 3, 1])
        inputCount = alone.forward[0] == together.forward[0] ? 1 : 1 + choice.beside.count
    }

    // MARK: - Losses

    /// - Throws: ``BrickError`` for a target that it can't compare with.
    private init(_ entry: LossEntry, _ given: any Loss, _ choice: Choice) throws {
        name = entry.name
        documentation = entry.documentation
        kind = .loss
        let classes = 1 + choice.beside.count
        let number = FieldDescription(
            name: "target", elementType: .float32, shape: [1], meaning: .real(names: []))
        if !given.needsTarget {
            target = .nothing
        } else if given.problem(output: [1], target: number) == nil {
            target = .number
        } else {
            target = .oneOf(classes)
        }
        readsOthers = !given.others.isEmpty
        let loss = try Brick.weighing(given, classes: classes)
        let chosen = try Brick.target(choice.target, of: loss, number, target)
        inputCount = if case .oneOf = target { classes } else { 1 }
        let other = choice.beside.first ?? 0
        compute = { input in
            Brick.passes(input) { x in
                let others = loss.others.map { _ in
                    x.tape.constant(Tensor([other], [1, 1], pool: x.tape.pool))
                }
                return loss(LossInput(x, chosen.made(x.tape.pool), others: others))
            }
        }
    }

    /// A target that any thread can make.
    private enum Chosen: Sendable {
        case nothing
        case number(Float)
        case label(Int)

        func made(_ pool: StoragePool) -> Target {
            switch self {
            case .nothing: .nothing
            case .number(let value): .values(Tensor([value], [1, 1], pool: pool))
            case .label(let label): .classes([Int32(label)])
            }
        }
    }

    /// The loss with the number of each class, where they count differently.
    private static func weighing(_ loss: any Loss, classes: Int) throws -> any Loss {
        guard let weights = loss.classWeights else { return loss }
        let names = (0..<classes).map(String.init)
        let problem =
            weights == .balanced
            ? "classWeights are balanced by samples, and a brick has none; give numbers"
            : weights.problem(names, of: "target")
        if let problem { throw BrickError.refused(name: loss.name, problem: problem) }
        return loss.weighing(weights.numbers(names, counts: nil))
    }

    private static func target(
        _ value: Float?, of loss: any Loss, _ field: FieldDescription, _ kind: TargetKind
    ) throws -> Chosen {
        switch kind {
        case .nothing:
            if value != nil { throw BrickError.noTarget(name: loss.name) }
            return .nothing
        case .number:
            let rule = loss.rule(for: field).map {
                TargetRule(field: field.name, numbers: $0, reader: loss.name, place: PlacedName(field.name))
            }
            let chosen = value ?? (rule == nil ? 0 : 1)
            let problem = [chosen].withUnsafeBufferPointer { rule?.problem($0, width: 1) }
            if let problem { throw BrickError.refused(name: loss.name, problem: "--target is \(problem)") }
            return .number(chosen)
        case .oneOf(let count):
            let label = value ?? 0
            guard label == label.rounded(), (0..<Float(count)).contains(label) else {
                throw BrickError.noSuchClass(name: loss.name, target: label, count: count)
            }
            return .label(Int(label))
        }
    }

    // MARK: - Both

    /// The entry's keys from their settings.
    private static func read<Product>(_ entry: CatalogueEntry<Product>, _ settings: [String]) throws -> Product {
        let context = ConfigurationContext(file: entry.name, environment: [:])
        let variant = ConfigurationVariant<Product>.key(
            entry.name, entry.documentation, shorthand: entry.shorthand, entry.read)
        var node = ConfigurationNode(.map([]))
        // What must be given, such as a layer's name, stands for what lies beside the value.
        for key in variant.declaration.keys() where key.presence == .required {
            node = try ConfigurationOverride(key: key.key, text: "beside", argument: entry.name).applied(to: node)
        }
        for setting in settings { node = try ConfigurationOverride(setting, context: context).applied(to: node) }
        let reading = variant.type.read(node, "", context)
        try context.throwProblems()
        guard let reading else { preconditionFailure("Brick: \(entry.name) was not read, and nothing is wrong") }
        return reading.value
    }

    private static func passes(_ input: [Float], _ compute: (Variable) -> Variable) -> Passes {
        let tape = Tape(layout: ModelLayout([]), values: FlatBuffer(count: 16))
        let gradients = FlatBuffer(count: 16)
        tape.begin(gradients: gradients.pointer)
        let x = tape.input(Tensor(input, [1, input.count], pool: tape.pool))
        let y = compute(x)
        let forward = y.value.values
        var seed = [Float](repeating: 0, count: forward.count)
        seed[0] = 1
        tape.backward(from: y, gradient: Tensor(seed, y.shape, pool: tape.pool))
        let backward = tape.gradient(of: x)?.values ?? input.map { _ in 0 }
        return Passes(forward: forward, backward: backward)
    }

    /// What somebody who writes an unknown name may mean.
    private static func nearest(to name: String) -> String? {
        let plain = withoutUnderscores(name)
        func matches(_ names: [String]) -> Bool { names.contains { withoutUnderscores($0) == plain } }
        return Activation.entries.first { matches($0.otherNames) }?.name
            ?? lossCatalogue.first { matches($0.otherNames) }?.name
            ?? nearestName(to: name, among: all.map(\.name))
    }
}

/// A brick that is not there, or a target that it can't take; each text ends with what to do.
package enum BrickError: Error, Equatable, CustomStringConvertible {
    case unknown(name: String, nearest: String?, known: [String])
    case noTarget(name: String)
    case noSuchClass(name: String, target: Float, count: Int)
    case refused(name: String, problem: String)

    package var description: String {
        switch self {
        case .unknown(let name, let nearest, let known):
            "no activation function or loss is named '\(name)'" + (nearest.map { " (did you mean '\($0)'?)" } ?? "")
                + "; there are: \(known.joined(separator: ", "))"
        case .noTarget(let name): "\(name) compares its input with nothing; leave --target out"
        case .noSuchClass(let name, let target, let count):
            "\(name) has \(count) scores, and --target \(target) is none of their classes; give a whole number of "
                + "0 to \(count - 1), or more scores with --beside"
        case .refused(let name, let problem): "\(name): \(problem)"
        }
    }
}
