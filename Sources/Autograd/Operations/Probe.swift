import TensorCore

/// x itself; backward shows its gradient on the way, also of a value that would need none.
///
/// - Parameter see: gets the gradient and the lengths of x. It is not called where nothing depends on x.
package func probed(_ x: Variable, _ see: @escaping (Tensor, SequenceLengths?) -> Void) -> Variable {
    let source = x.needsGradient ? x : x.tape.input(x.value)
    let lengths = x.lengths
    var result = x.tape.record(x.value, source) { [source = source.target] tape, dy in
        see(dy, lengths)
        tape.accumulate(dy, into: source)
    }
    result.lengths = lengths
    return result
}
