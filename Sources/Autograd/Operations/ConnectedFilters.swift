import TensorCore

/// Which input channels each output channel of a convolution reads, where it does not read all.
///
/// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998, table I.
package struct ConnectionTable: Hashable, Sendable {
    /// The input channels that each output channel reads.
    package let inputs: [[Int]]
    /// How many input channels there are.
    package let inputChannels: Int

    package init(inputs: [[Int]], inputChannels: Int) {
        precondition(
            inputs.allSatisfy { $0.allSatisfy { $0 >= 0 && $0 < inputChannels } && Set($0).count == $0.count },
            "ConnectionTable: \(inputs) for \(inputChannels) channels")
        self.inputs = inputs
        self.inputChannels = inputChannels
    }

    /// How many pairs of channels are connected.
    package var pairCount: Int { inputs.reduce(0) { $0 + $1.count } }

    /// Calls `body(pair, output, input)` for every connection in the table's order.
    @inline(__always)
    fileprivate func forEachPair(_ body: (Int, Int, Int) -> Void) {
        var pair = 0
        for (output, list) in inputs.enumerated() {
            for input in list {
                body(pair, output, input)
                pair += 1
            }
        }
    }
}

/// The filters of a convolution whose channels are connected as a table says: w [pairs, kh, kw] → [O, kh, kw, C], zero
/// where there is no connection.
///
/// Pairs are ordered by output channel, and for each as the table lists its inputs. A filter value that belongs to no
/// connection is exactly zero and gets no gradient.
package func connectedFilters(_ weights: Variable, _ table: ConnectionTable) -> Variable {
    precondition(
        weights.shape.rank == 3 && weights.shape[0] == table.pairCount,
        "connectedFilters: weights \(weights.shape) for \(table.pairCount) connections")
    let (height, width, channels) = (weights.shape[1], weights.shape[2], table.inputChannels)
    let taps = height * width
    let filters = weights.makeTensor([table.inputs.count, height, width, channels])
    filters.fill(0)
    let source = weights.value.pointer
    table.forEachPair { pair, output, input in
        for tap in 0..<taps {
            filters.pointer[(output * taps + tap) * channels + input] = source[pair * taps + tap]
        }
    }
    return weights.tape.record(filters, weights) { [weights = weights.target] tape, gradient in
        let gradient = gradient
        tape.accumulate(into: weights) { dw, accumulate in
            table.forEachPair { pair, output, input in
                for tap in 0..<taps {
                    let value = gradient.pointer[(output * taps + tap) * channels + input]
                    dw[pair * taps + tap] = accumulate ? dw[pair * taps + tap] + value : value
                }
            }
        }
    }
}
