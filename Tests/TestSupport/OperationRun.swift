import Autograd
import TensorCore

/// Runs a contract's operation forward and backward in the ways that the contract speaks of.
struct OperationRun {
    /// What came out, and what needs to hold about it.
    struct Result {
        var shape: [Int]
        var value: [Float]
        /// By input; nil where an input needed none.
        var gradients: [[Float]?]
        var needsGradient: Bool
        var leavesInputsUnchanged: Bool
    }

    let contract: OperationContract
    let values: [[Float]]
    let cotangent: [Float]

    /// The inputs as parameters, then the statistics.
    private var layout: ModelLayout {
        let shapes = contract.inputs.map(\.shape) + contract.statistics.map { [$0.count] }
        return ModelLayout(
            shapes.enumerated().map { index, shape in
                Parameter(
                    index: index, name: "p\(index)", shape: Shape(shape),
                    role: index < contract.inputs.count ? .weight : .statistic(momentum: 0.1),
                    initializer: .zeros)
            })
    }

    private func makeTape() -> Tape {
        let layout = layout
        let flat = FlatBuffer(count: layout.count)
        for (index, source) in (values + contract.statistics).enumerated() {
            for (i, value) in source.enumerated() { flat.pointer[layout.offsets[index] + i] = value }
        }
        let tape = Tape(layout: layout, values: flat)
        tape.pool.poison()
        return tape
    }

    private func apply(_ variables: [Variable], _ tape: Tape, uses: Int) -> Variable {
        let statistics = Array(tape.layout.parameters.dropFirst(values.count))
        let first = contract.operation(variables, statistics)
        return (1..<max(uses, 1)).reduce(first) { sum, _ in add(sum, contract.operation(variables, statistics)) }
    }

    /// Value and gradients with the inputs in `needing` as inputs and the others as constants; `uses` times the
    /// operation, summed.
    func gradients(needing: Set<Int>, uses: Int = 1) -> Result {
        let tape = makeTape()
        tape.begin(gradients: nil)
        let tensors = values.indices.map { Tensor(values[$0], Shape(contract.inputs[$0].shape), pool: tape.pool) }
        let variables = tensors.enumerated().map { needing.contains($0) ? tape.input($1) : tape.constant($1) }
        let y = apply(variables, tape, uses: uses)
        let value = y.value.values
        guard value.count == cotangent.count else {
            return Result(
                shape: y.shape.dimensions, value: value, gradients: [], needsGradient: y.needsGradient,
                leavesInputsUnchanged: true)
        }
        let gradient = Tensor(cotangent, y.shape, pool: tape.pool)
        tape.backward(from: y, gradient: gradient)
        let isUnchanged =
            zip(tensors, values).allSatisfy { $0.values.map(\.bitPattern) == $1.map(\.bitPattern) }
            && gradient.values == cotangent
        return Result(
            shape: y.shape.dimensions, value: value, gradients: variables.map { tape.gradient(of: $0)?.values },
            needsGradient: y.needsGradient,
            leavesInputsUnchanged: isUnchanged && y.value.values.elementsEqual(value) { $0 == $1 || $0.isNaN })
    }

    /// The gradients when the inputs are parameters and the flat memory holds NaN before.
    func parameterGradients() -> [[Float]] {
        let tape = makeTape()
        let flat = FlatBuffer(count: tape.wholeVector.count)
        flat.pointer.update(repeating: .nan, count: flat.count)
        tape.begin(gradients: flat.pointer)
        let y = apply(tape.layout.parameters.prefix(values.count).map(tape.parameter), tape, uses: 1)
        tape.backward(from: y, gradient: Tensor(cotangent, y.shape, pool: tape.pool))
        return values.indices.map { index in
            (0..<values[index].count).map { flat.pointer[tape.layout.offsets[index] + $0] }
        }
    }
}

extension StoragePool {
    /// Leaves blocks full of NaN in the pool, so that an operation that reads memory before writing it is found out.
    package func poison(largest: Int = 1 << 17) {
        var held: [Storage] = []
        var count = 16
        while count <= largest {
            for _ in 0..<3 {
                let block = storage(count: count)
                block.pointer.update(repeating: .nan, count: count)
                held.append(block)
            }
            count += count < 128 ? 16 : 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount - 3)
        }
    }
}
