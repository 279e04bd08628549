import Kernels
import TensorCore

/// Records the operations of one worker's forward pass and runs them backward; reused from grain to grain.
///
/// Gradients of parameters are written straight into the grain's flat vector. A tape, its pool and all its variables
/// stay on one thread.
package final class Tape {
    /// Computes the inputs' gradients from the output's; it may overwrite that tensor when it is its only owner.
    package typealias Pullback = (_ tape: Tape, _ gradient: inout Tensor) -> Void
    /// The same for an operation with several results: a gradient for each, nil where nothing depends on that result.
    package typealias SeveralPullback = (_ tape: Tape, _ gradients: [Tensor?]) -> Void

    /// What backward does at a node.
    enum Work {
        case none
        case one(Pullback)
        /// Stands at the last of so many nodes, one for each result.
        case several(Int, SeveralPullback)
    }

    struct Node {
        var work: Work
        var gradient: Tensor?
        /// Where the node's parameters begin in ``Tape/uses``; they end where the next node's begin.
        let firstUse: Int
    }

    package let pool: StoragePool
    package let layout: ModelLayout
    /// The grain's vector of a phase that trains everything, without metrics and flags.
    package let wholeVector: GrainVectorLayout
    /// The layout of the present grain's vector.
    package internal(set) var vector: GrainVectorLayout
    let values: Storage
    private let willRead: ((Parameter) -> Void)?
    var nodes: [Node] = []

    /// What rectifiers let pass in backward; `begin` sets it to the derivative.
    package var rectifierGradient = RectifierGradient.derivative

    /// Whether results are searched for numbers that are not finite, at the cost of a pass over each.
    package var searchesNonFinite = false
    /// Since the latest `begin` of a tape that searches, the first result with such a number.
    package private(set) var nonFinite: NonFiniteResult?
    private var latestParameter: Parameter?

    /// The grain's flat vector; nil when nothing is recorded.
    var gradients: UnsafeMutablePointer<Float>?
    /// Where gradients of factored weights go instead; nil where the vector has them all.
    var factors: GradientFactors?
    var carriedLanes: CarriedLanes?
    /// What layers remember where sequences are computed one position at a time; nil where they are computed whole.
    package private(set) var stepMemory: StepMemory?
    /// Where the grain meets the others of its step; nil where it is alone.
    var meeting: (any GrainMeeting)?
    /// Nodes whose pullbacks run whether or not anything depends on them, with the shapes of their values.
    var passedAlways: [Int: Shape] = [:]
    /// The trained weights that recorded operations use, in the order of recording.
    var uses: [Int] = []
    // By parameter: whether its gradient has a part, and how many recorded uses backward has not passed.
    var isWritten: [Bool]
    var pendingUses: [Int]
    /// How many weights at the front of the gradients are final.
    var completed = 0
    var onProgress: ((Int) -> Void)?

    /// - Parameters:
    ///   - values: the model's flat memory of this layout; read only by operations.
    ///   - willRead: called before each use of a parameter; its values may change until it returns.
    package convenience init(
        layout: ModelLayout, values: FlatBuffer, pool: StoragePool = StoragePool(),
        willRead: ((Parameter) -> Void)? = nil
    ) {
        precondition(values.count >= layout.count, "Tape: \(values.count) values for a layout of \(layout.count)")
        self.init(
            layout: layout, storage: Storage(borrowing: values.pointer, count: values.count, owner: values), pool: pool,
            willRead: willRead)
    }

    private init(layout: ModelLayout, storage: Storage, pool: StoragePool, willRead: ((Parameter) -> Void)?) {
        self.layout = layout
        self.pool = pool
        self.willRead = willRead
        values = storage
        wholeVector = GrainVectorLayout(all: layout)
        vector = wholeVector
        isWritten = Array(repeating: false, count: layout.parameters.count)
        pendingUses = Array(repeating: 0, count: layout.parameters.count)
        nodes.reserveCapacity(256)
        uses.reserveCapacity(256)
    }

    /// Begins a grain.
    ///
    /// What the phase does not train is constant: such a weight gets no gradient, and such a batch normalisation uses
    /// its running statistics.
    /// - Parameters:
    ///   - gradients: the grain's vector, of `layout`, whose floats before the metric sums the tape writes:
    ///     statistics and carried state in forward, gradients in backward. Nil records nothing (evaluation).
    ///   - layout: what the phase trains, and where it stands.
    ///   - carried: the lanes whose state the grain continues; nil for samples without a past.
    ///   - factors: takes the gradients of the layout's factored weights, whose floats of the vector are not written
    ///     then.
    ///   - meeting: where operations over the whole batch meet the step's other grains.
    ///   - onProgress: called in backward with the count of floats at the front of `gradients` that are final.
    package func begin(
        gradients: UnsafeMutablePointer<Float>?, layout vector: GrainVectorLayout, carried: CarriedLanes? = nil,
        factors: GradientFactors? = nil, meeting: (any GrainMeeting)? = nil, onProgress: ((Int) -> Void)? = nil
    ) {
        precondition(
            vector.trained.arena.count == layout.count && isWritten.count == vector.trained.arena.parameters.count,
            "begin: a vector of a model with \(vector.trained.arena.count) floats, not \(layout.count)")
        nodes.removeAll(keepingCapacity: true)
        uses.removeAll(keepingCapacity: true)
        self.gradients = gradients
        self.factors = factors
        factors?.reset()
        self.vector = vector
        carriedLanes = carried
        self.meeting = meeting
        passedAlways.removeAll(keepingCapacity: true)
        self.onProgress = onProgress
        completed = 0
        rectifierGradient = .derivative
        nonFinite = nil
        latestParameter = nil
        stepMemory = nil
        for index in isWritten.indices {
            isWritten[index] = false
            pendingUses[index] = 0
        }
        // Zero is what a layer that does not run contributes.
        if let gradients {
            let forward = vector.gradients.upperBound..<vector.metrics.lowerBound
            (gradients + forward.lowerBound).update(repeating: 0, count: forward.count)
        }
    }

    /// Begins a grain that trains everything, whose vector has the layout ``wholeVector``.
    package func begin(
        gradients: UnsafeMutablePointer<Float>?, carried: CarriedLanes? = nil, onProgress: ((Int) -> Void)? = nil
    ) {
        begin(gradients: gradients, layout: wholeVector, carried: carried, onProgress: onProgress)
    }

    /// Begins one position of sequences that are computed a position at a time, without gradients.
    ///
    /// - Parameter memory: what the positions before have left; this one's layers change it.
    package func begin(stepping memory: StepMemory) {
        begin(gradients: nil)
        stepMemory = memory
    }

    /// Another tape over the same weights, for what a grain computes beside its own pass, without gradients.
    package private(set) lazy var aside = Tape(layout: layout, storage: values, pool: pool, willRead: willRead)

    var isRecording: Bool { gradients != nil }

    // MARK: - Values

    /// A value that needs no gradient.
    package func constant(_ value: Tensor) -> Variable { Variable(value: value, identity: .constant, tape: self) }

    /// An input whose gradient ``gradient(of:)`` gives after backward.
    package func input(_ value: Tensor) -> Variable { append(value, .none) }

    /// A use of a parameter.
    package func parameter(_ parameter: Parameter) -> Variable {
        willRead?(parameter)
        if searchesNonFinite { latestParameter = parameter }
        let value = Tensor(storage: values, offset: layout.offsets[parameter.index], shape: parameter.shape)
        guard isRecording && vector.trained.offset(of: parameter.index) != nil else { return constant(value) }
        return Variable(value: value, identity: .parameter(parameter.index), tape: self)
    }

    // MARK: - Recording

    /// The result of an operation; `pullback` is kept only when an input needs a gradient.
    ///
    /// Every value whose gradient the pullback accumulates is among the inputs. It may accumulate any number of times,
    /// and captures targets of its inputs, not the inputs.
    package func record(
        _ value: Tensor, _ a: Variable, _ b: Variable? = nil, _ c: Variable? = nil, pullback: @escaping Pullback
    ) -> Variable {
        search(value)
        guard a.needsGradient || b?.needsGradient ?? false || c?.needsGradient ?? false else { return constant(value) }
        let result = append(value, .one(pullback))
        use(a)
        if let b { use(b) }
        if let c { use(c) }
        return result
    }

    /// As ``record(_:_:_:_:pullback:)`` for any number of inputs.
    package func record(_ value: Tensor, all inputs: [Variable], pullback: @escaping Pullback) -> Variable {
        search(value)
        guard inputs.contains(where: \.needsGradient) else { return constant(value) }
        let result = append(value, .one(pullback))
        for input in inputs { use(input) }
        return result
    }

    /// The results of an operation that has several; `pullback` runs once, after everything that depends on any of
    /// them, if anything does.
    package func record(several results: [Tensor], _ inputs: [Variable], pullback: @escaping SeveralPullback)
        -> [Variable]
    {
        for result in results { search(result) }
        guard let last = results.indices.last, inputs.contains(where: \.needsGradient) else {
            return results.map(constant)
        }
        // Backward comes to the last node first, and by then has run whatever was recorded after all of them.
        let variables = results.indices.map {
            append(results[$0], $0 == last ? .several(results.count, pullback) : .none)
        }
        for input in inputs { use(input) }
        return variables
    }

    /// Lets backward run a result's pullback even where nothing depends on it, with a gradient of zeros then: an
    /// operation in which grains meet must not leave one out.
    func alwaysPassesBackward(_ result: Variable) {
        guard case .node(let index) = result.identity else { return }
        passedAlways[index] = result.shape
    }

    private func append(_ value: Tensor, _ work: Work) -> Variable {
        nodes.append(Node(work: work, gradient: nil, firstUse: uses.count))
        return Variable(value: value, identity: .node(nodes.count - 1), tape: self)
    }

    /// Counts a use of a trained weight by the node that was appended last.
    func use(_ variable: Variable) {
        guard case .parameter(let index) = variable.identity else { return }
        uses.append(index)
        pendingUses[index] += 1
    }

    private func search(_ value: Tensor) {
        if searchesNonFinite, nonFinite == nil { nonFinite = NonFiniteResult(value, after: latestParameter) }
    }
}
