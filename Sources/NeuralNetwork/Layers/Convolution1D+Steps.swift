import Autograd
import Kernels
import TensorCore

/// Convolutions over sequences of several lengths, and over one step after another.
extension Convolution1D {
    /// Which steps it reads, and how many it gives.
    struct Reach: Sendable {
        let taps: ReceptiveWindow.Taps
        /// Zeros behind the sequence.
        let behind: Int

        /// Steps of the result for a sequence of `steps`; not positive where the filter does not fit.
        func outputs(of steps: Int) -> Int {
            let room = steps + taps.padding + behind - taps.extent
            return room < 0 ? 0 : room / taps.stride + 1
        }

        /// Whether every sequence stays as long as it is.
        var keepsSteps: Bool { taps.stride == 1 && taps.padding + behind == taps.extent - 1 }

        /// Whether step t of the result depends on no input after t, and on t itself.
        var isCausal: Bool { keepsSteps && behind == 0 }

        /// How many inputs before the present one it reads.
        var history: Int { taps.extent - 1 }
    }

    var isCausal: Bool { reach.isCausal }

    /// A value that the convolution can read whole: as long as its filter, and without anything in the padding that it
    /// would read.
    ///
    /// Without zeros behind the sequence no step of the result that is there reads behind the sequence's end.
    func readable(_ x: Variable) -> Variable {
        guard let lengths = x.lengths else { return x }
        let shortest = reach.taps.extent - reach.taps.padding - reach.behind
        if x.shape[1] < shortest { return unpacked(packed(x), lengths, steps: shortest) }
        return reach.behind > 0 ? masked(x) : x
    }

    /// The next steps of sequences that are computed step by step.
    func step(_ inputs: [Variable], _ memory: StepMemory) -> Variable {
        precondition(isCausal, "Convolution1D: a convolution that reads later steps can't be computed step by step")
        var y = convolved(inputs[0], memory)
        switch addend {
        case .none: break
        case .value: y = add(y, inputs[1])
        case .vector: y = addAtPositions(y, inputs[1])
        }
        if convolution.rectifies { y = relu(y) }
        return isGated ? gate(y) : y
    }

    /// The convolution of the next steps, x [N, T, C], after the inputs that are remembered.
    private func convolved(_ x: Variable, _ memory: StepMemory) -> Variable {
        let (rows, channels) = (x.shape[0], x.shape[2])
        var past = InputHistory(memory[convolution.weight], rows: rows, steps: reach.history, channels: channels, x)
        defer { memory[convolution.weight] = past.tensor }
        let (filters, bias) = (convolution.filters(x), convolution.bias.map(x.parameter))
        if x.shape[1] == 1, convolution.attributes.groups == 1 {
            let patches = x.tape.constant(past.patches(with: x, dilation: reach.taps.dilation))
            past.append(x)
            return linearStep(patches, filters, bias: bias)
        }
        let whole = past.joined(with: x)
        past.append(x)
        var attributes = convolution.attributes
        attributes.padding = [0, 0, 0, 0]
        return convolution1D(x.tape.constant(whole), filters, bias: bias, attributes)
    }
}

/// The last inputs of each of several sequences, [rows, steps · C + 1]: a ring, and in the last number of each row the
/// place of its oldest input.
private struct InputHistory {
    private(set) var tensor: Tensor
    private let steps: Int
    private let channels: Int

    /// - Parameter tensor: what was kept; nil at the beginning, before which all inputs count as zero.
    init(_ tensor: Tensor?, rows: Int, steps: Int, channels: Int, _ x: Variable) {
        self.steps = steps
        self.channels = channels
        if let tensor {
            precondition(
                tensor.shape == [rows, steps * channels + 1], "InputHistory: \(tensor.shape) for \(rows) sequences")
            self.tensor = tensor
        } else {
            self.tensor = x.makeTensor([rows, steps * channels + 1])
            self.tensor.fill(0)
        }
    }

    private var rows: Int { tensor.shape[0] }
    private func ring(_ row: Int) -> UnsafeMutablePointer<Float> { tensor.pointer + row * (steps * channels + 1) }
    private func oldest(_ row: Int) -> Int { Int(ring(row)[steps * channels]) }

    /// The inputs under the filter at the next step, [rows, 1, taps · C]: every `dilation`th of the past, and x.
    func patches(with x: Variable, dilation: Int) -> Tensor {
        let taps = steps / dilation + 1
        let result = x.makeTensor([rows, 1, taps * channels])
        for row in 0..<rows {
            let (ring, oldest) = (ring(row), oldest(row))
            let target = result.pointer + row * taps * channels
            for tap in 0..<taps - 1 {
                let place = (oldest + tap * dilation) % steps
                (target + tap * channels).update(from: ring + place * channels, count: channels)
            }
            (target + (taps - 1) * channels).update(from: x.value.pointer + row * channels, count: channels)
        }
        return result
    }

    /// The whole past and x one after another, [rows, steps + T, C].
    func joined(with x: Variable) -> Tensor {
        let next = x.shape[1]
        let result = x.makeTensor([rows, steps + next, channels])
        for row in 0..<rows {
            let (ring, oldest) = (ring(row), oldest(row))
            let target = result.pointer + row * (steps + next) * channels
            target.update(from: ring + oldest * channels, count: (steps - oldest) * channels)
            (target + (steps - oldest) * channels).update(from: ring, count: oldest * channels)
            (target + steps * channels).update(
                from: x.value.pointer + row * next * channels, count: next * channels)
        }
        return result
    }

    /// Lets x take the place of the oldest inputs.
    mutating func append(_ x: Variable) {
        let next = x.shape[1]
        guard steps > 0 else { return }
        for row in 0..<rows {
            let ring = ring(row)
            var oldest = oldest(row)
            for step in max(0, next - steps)..<next {
                (ring + oldest * channels).update(
                    from: x.value.pointer + (row * next + step) * channels, count: channels)
                oldest = (oldest + 1) % steps
            }
            ring[steps * channels] = Float(oldest)
        }
    }
}
