import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// Trains one restricted Boltzmann machine of a model without labels (Hinton 2002; practice as in Hinton, "A practical
/// guide to training restricted Boltzmann machines", 2010).
///
/// loss = Σ F(v) − Σ F(v′), where v is what the layer reads and v′ the end of a Markov chain, through which no gradient
/// flows. The derivative of that is what is called the gradient of contrastive divergence: of k full steps from v
/// (CD-k), or, with persistent chains, from where the chains of the step before have ended (Tieleman 2008), which
/// approaches the likelihood's own gradient. The loss itself is no measure of progress; the metrics
/// `reconstructionError` and `freeEnergyGap` say more (sections 5 and 6 of the guide).
package struct ContrastiveDivergence: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    /// The machine's layer; nil for the only one.
    package let layer: PlacedName?
    /// k
    package let steps: Int
    /// Whether chains go on from step to step.
    package let isPersistent: Bool
    /// Whether v′ are the visible units' means, which have less noise than values drawn from them.
    package let endsWithMeans: Bool
    /// Full steps of the chains that make samples.
    package let samplingSteps: Int
    private let place: PlacedName

    package init(
        model: PlacedName? = nil, layer: PlacedName? = nil, steps: Int = 1, isPersistent: Bool = false,
        endsWithMeans: Bool? = nil, samplingSteps: Int = 500, place: PlacedName = PlacedName("contrastiveDivergence")
    ) {
        self.model = model
        self.layer = layer
        self.steps = steps
        self.isPersistent = isPersistent
        self.endsWithMeans = endsWithMeans ?? !isPersistent
        self.samplingSteps = samplingSteps
        self.place = place
    }

    static let entry = ObjectiveEntry(
        "contrastiveDivergence",
        "Trains one `rbm` layer without labels, on what that layer reads; nothing else changes. Pictures show the "
            + "filters of the first hidden units, and below them samples of Gibbs chains."
    ) { reader in
        ContrastiveDivergence(
            model: reader.optional("model", .placedName, "Which of several models it trains."),
            layer: reader.optional("of", .placedName, "The `rbm` layer; the only one if absent."),
            steps: reader.value(
                "steps", .integer(in: 1...1000), default: 1, "Full steps of Gibbs sampling in an update: k of CD-k."),
            isPersistent: reader.value(
                "persistent", .flag, default: false,
                "Whether the layer's `chains` go on from step to step, instead of beginning at the data each time."),
            endsWithMeans: reader.optional(
                "means", .flag,
                "Whether a chain ends with the visible units' means, which have less noise than values drawn from "
                    + "them; if absent, only without `persistent`."),
            samplingSteps: reader.value(
                "samplingSteps", .integer(in: 1...), default: 500, influencesWeights: false,
                "Full steps of the chains that make samples, from hidden units that are drawn evenly."),
            place: reader.placed)
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: place)
        let bindings = try setup.bindings(of: model)
        let (node, machine) = try machine(of: model)
        if isPersistent { try checkChains(of: machine, named: model.nodes[node].name, setup) }
        let stack = BoltzmannStack(model, top: node)
        let source = model.nodes[stack.source]
        let field = try bindings.first { source.layer == nil && $0.input.name == source.name }.map {
            try setup.field(PlacedName($0.field))
        }
        return MachineLearning(
            model: model, bindings: bindings, machine: machine, plan: model.plan(nodes: [model.nodes[node].inputs[0]]),
            specification: self, grainCount: setup.grainsPerStep,
            reader: BoltzmannSamples(stack, of: field, steps: samplingSteps),
            targetRules: try rules(for: stack, reading: source, field))
    }

    /// What binary visible units ask of a field.
    ///
    /// - Throws: `ConfigurationError` where they read a layer whose values are no chances.
    private func rules(for stack: BoltzmannStack, reading source: GraphNode, _ field: FieldDescription?) throws
        -> [TargetRule]
    {
        let depth = stack.machines.count - 1
        guard stack.machines[depth].visible == .binary else { return [] }
        let below = depth > 0 ? stack.machines[depth - 1].hidden : nil
        if below == .gaussian || below == nil && field == nil && !BoltzmannStack.givesChances(source) {
            let name = depth > 0 ? stack.names[depth - 1] : source.name
            throw (layer ?? place).refused(
                because: "\(stack.names[depth]) reads \(name), whose values can be anything, and its binary visible "
                    + "units take those from 0 to 1; put a sigmoid between, or give the rbm `visible: gaussian`.")
        }
        guard depth == 0, let field else { return [] }
        return [
            TargetRule(field: field.name, numbers: .chances, reader: "binary visible units", place: layer ?? place)
        ]
    }

    /// The node and the layer that it trains.
    private func machine(of model: Model) throws -> (node: Int, machine: BoltzmannMachine) {
        let all = model.nodes.indices.filter { model.nodes[$0].layer is BoltzmannMachine }
        let names = all.map { model.nodes[$0].name }
        guard let layer else {
            guard all.count == 1, let machine = model.nodes[all[0]].layer as? BoltzmannMachine else {
                throw place.refused(
                    because: all.isEmpty
                        ? "\(model.name) has no rbm layer; add one: {rbm: 500}."
                        : "\(model.name) has several rbm layers; name one in `of`: \(names.joined(separator: ", ")).")
            }
            return (all[0], machine)
        }
        guard let node = model.references[layer.name], let machine = model.nodes[node].layer as? BoltzmannMachine
        else { throw layer.unknown("rbm layer", known: names) }
        return (node, machine)
    }

    private func checkChains(of machine: BoltzmannMachine, named name: String, _ setup: ObjectiveSetup) throws {
        guard let chains = machine.chains?.shape[0] else {
            throw place.refused(
                because: "\(name) has no chains to go on with; give the layer some, as many as a batch has samples: "
                    + "{rbm: {units: …, chains: 100}}, or take `persistent` away.")
        }
        guard chains >= setup.grainsPerStep else {
            throw place.refused(
                because: "\(name) has \(chains) chains for the \(setup.grainsPerStep) grains of a batch, of which each "
                    + "needs one; give it more.")
        }
    }
}

extension ContrastiveDivergence {
    package static func == (a: ContrastiveDivergence, b: ContrastiveDivergence) -> Bool {
        a.model == b.model && a.layer == b.layer && a.steps == b.steps && a.isPersistent == b.isPersistent
            && a.endsWithMeans == b.endsWithMeans && a.samplingSteps == b.samplingSteps
    }
}

private struct MachineLearning: Objective {
    let model: Model
    let bindings: [(input: ModelInput, field: String)]
    let machine: BoltzmannMachine
    /// What gives the machine's visible values.
    let plan: GraphPlan
    let specification: ContrastiveDivergence
    /// Of a step.
    let grainCount: Int
    /// Nil where samples of a field can't be made.
    let reader: BoltzmannSamples?
    let targetRules: [TargetRule]

    // The loss, Σ errors, Σ F, their count, and Σ F and the count of training samples.
    var sumCount: Int { 6 }
    var fields: [String] { bindings.map(\.field) }
    var models: [String] { [model.name] }
    var weightPerSample: Double { 1 }
    var surrogate: String? {
        "contrastive divergence holds the end of its chains constant, and is the derivative of no loss"
    }
    var parameters: [String]? {
        ([machine.weight, machine.bias, machine.visibleBias] + (machine.chains.map { [$0] } ?? [])).map(\.name)
    }
    var metrics: [MetricDefinition] {
        let first = MetricSums.lossSlot + 1
        return [
            .loss,
            MetricDefinition(
                MetricDescription("reconstructionError", title: "Squared reconstruction error of a sample"),
                numerator: first, denominator: first + 2),
            MetricDefinition(
                MetricDescription("freeEnergy", title: "Free energy"), numerator: first + 1, denominator: first + 2),
            MetricDefinition(
                MetricDescription("freeEnergyGap", title: "Free energy, above that of training samples"),
                numerator: first + 1, denominator: first + 2, transform: .differenceOfRatios),
        ]
    }
    var comparison: TrainingComparison? { TrainingComparison(sums: 2..<4, goTo: 4) }
    var sampleMaker: (any SampleMaker)? { reader }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        let tape = context.tape
        let count = context.count
        let key = context.key.folding(name: "contrastiveDivergence")
        let v = visibleValues(context)
        let real = energy(of: v, tape)
        // The first step from the data says how well the machine keeps a sample; CD goes on from it.
        let hidden = machine.hidden.drawn(real.hidden, key: key.folding(0), pool: tape.pool)
        let reconstruction = machine.visibleMeans(hidden, on: tape)
        let errors = squaredDifferences(v.value, reconstruction)
        let chain = GibbsChain(machine, key, tape)
        let end: Tensor
        var weight: Float = -1
        if specification.isPersistent, context.mode.isTraining, let chains = machine.chains {
            let rows = share(ofGrain: context.grain)
            let (means, values) = chain.run(from: tape.carried(chains, rows: rows).value, steps: specification.steps)
            tape.carry(chains, values, rows: rows)
            end = specification.endsWithMeans ? means : values
            weight = -Float(count) / Float(rows.count)
        } else {
            end = chain.run(
                fromMeans: reconstruction, steps: specification.steps - 1, endsWithMeans: specification.endsWithMeans)
        }
        let loss = weightedSum([(real.sum, 1), (energy(of: tape.constant(end), tape).sum, weight)])
        return GrainResult(
            loss: loss, weight: Double(count),
            sums: [
                Double(loss.value.pointer[0]), errors, Double(real.sum.value.pointer[0]), Double(count), 0, 0,
            ])
    }

    /// The grain's chains stay where they are.
    func keepState(_ context: GrainContext) {
        guard specification.isPersistent, let chains = machine.chains else { return }
        let rows = share(ofGrain: context.grain)
        context.tape.carry(chains, context.tape.carried(chains, rows: rows).value, rows: rows)
    }

    func pictures(_ context: GrainContext) -> Pictures? {
        reader?.pictures(context.batch.floats(reader?.made.name ?? ""), key: context.key, on: context.tape)
    }

    /// What the machine reads, [n, V]: of the layers below it as in evaluation, and without gradients for them.
    private func visibleValues(_ context: GrainContext) -> Variable {
        let inputs = bindings.map { context.input($0.input, of: model, from: $0.field) }
        return detach(plan(inputs, mode: .evaluation)[0])
    }

    private func energy(of v: Variable, _ tape: Tape) -> (sum: Variable, hidden: Tensor) {
        freeEnergy(
            v, tape.parameter(machine.weight), bias: tape.parameter(machine.bias),
            visibleBias: tape.parameter(machine.visibleBias), visible: machine.visible, hidden: machine.hidden)
    }

    /// The chains that a grain owns; the larger shares first.
    private func share(ofGrain grain: Int) -> Range<Int> {
        let (size, larger) = (machine.chains?.shape[0] ?? 0).quotientAndRemainder(dividingBy: grainCount)
        let start = grain * size + min(grain, larger)
        return start..<start + size + (grain < larger ? 1 : 0)
    }

    private func squaredDifferences(_ a: Tensor, _ b: Tensor) -> Double {
        var total = 0.0
        let columns = a.shape[1]
        for row in 0..<a.shape[0] {
            let (a, b) = (a.pointer + row * columns, b.pointer + row * columns)
            total += Double(laneSum(count: columns) { (a[$0] - b[$0]) * (a[$0] - b[$0]) })
        }
        return total
    }
}

/// Block Gibbs sampling of one machine: all hidden units, then all visible ones. Draw i of a chain has the key's stream
/// i; stream 0 is left for the hidden units of the first step from the data.
private struct GibbsChain {
    let machine: BoltzmannMachine
    let key: RandomKey
    let tape: Tape

    init(_ machine: BoltzmannMachine, _ key: RandomKey, _ tape: Tape) {
        self.machine = machine
        self.key = key
        self.tape = tape
    }

    /// The last means of the visible units, and the values drawn from them, after full steps from visible values.
    func run(from start: Tensor, steps: Int) -> (means: Tensor, values: Tensor) {
        var (means, values) = (start, start)
        for step in 0..<steps {
            means = next(values, step)
            values = drawnVisible(means, step)
        }
        return (means, values)
    }

    /// The end of a chain whose visible units have these means, after so many more full steps.
    func run(fromMeans start: Tensor, steps: Int, endsWithMeans: Bool) -> Tensor {
        var means = start
        for step in 0..<steps { means = next(drawnVisible(means, step), step) }
        return endsWithMeans ? means : drawnVisible(means, steps)
    }

    private func next(_ values: Tensor, _ step: Int) -> Tensor {
        let hidden = machine.hidden.drawn(
            machine.hiddenMeans(values, on: tape), key: key.folding(2 * step + 2), pool: tape.pool)
        return machine.visibleMeans(hidden, on: tape)
    }

    private func drawnVisible(_ means: Tensor, _ step: Int) -> Tensor {
        machine.visible.drawn(means, key: key.folding(2 * step + 1), pool: tape.pool)
    }
}
