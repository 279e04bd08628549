import TensorCore

/// Which positions of a layer's inputs one position of its output depends on.
package enum ReceptiveWindow: Equatable, Sendable {
    /// The same position of every input.
    case position
    /// Neighbouring positions along each axis, the first axis first.
    case taps([Taps])
    /// All of them.
    case everything

    /// The taps of a window along one axis.
    package struct Taps: Equatable, Sendable {
        package var count: Int
        /// Distance between neighbouring taps.
        package var dilation: Int
        /// Distance between the windows of neighbouring outputs.
        package var stride: Int
        /// How far the first window begins before the input.
        package var padding: Int
        /// Distance at which the inputs lie before the window moves over them, zeros between them: more than one for
        /// layers that enlarge, such as a transposed convolution (Dumoulin and Visin 2016, section 4).
        package var spacing: Int

        package init(_ count: Int, dilation: Int = 1, stride: Int = 1, padding: Int = 0, spacing: Int = 1) {
            self.count = count
            self.dilation = dilation
            self.stride = stride
            self.padding = padding
            self.spacing = spacing
        }

        /// From the first to the last tap.
        package var extent: Int { (count - 1) * dilation + 1 }

        /// How many pairs of an output and a tap read one of `inputs` positions, and not zeros around or between them.
        package func readings(inputs: Int, outputs: Int) -> Int {
            (0..<outputs).reduce(0) { sum, output in
                sum
                    + (0..<count).count { tap in
                        let place = output * stride - padding + tap * dilation
                        return place >= 0 && place % spacing == 0 && place / spacing < inputs
                    }
            }
        }
    }

    /// A window of height and width on an image.
    static func window(
        kernel: Size, dilation: Size = Size(1), stride: Size, top: Int, left: Int
    ) -> ReceptiveWindow {
        .taps([
            Taps(kernel.height, dilation: dilation.height, stride: stride.height, padding: top),
            Taps(kernel.width, dilation: dilation.width, stride: stride.width, padding: left),
        ])
    }

    /// What shapes alone tell of a layer that says nothing: where the positions stay, each reads itself.
    static func usual(inputs: [Shape], output: Shape) -> ReceptiveWindow {
        let keepsPositions = inputs.allSatisfy {
            $0.dimensions.dropLast() == output.dimensions.dropLast()
                || $0.dimensions[...] == output.dimensions.dropLast()
        }
        let isReshape = inputs.count == 1 && inputs[0].count == output.count
        return keepsPositions || isReshape ? .position : .everything
    }
}

/// The pixels of a model's input, or the steps of a sequence, that a node's values depend on (Araujo, Norris and Sim,
/// "Computing receptive fields of convolutional neural networks", Distill 2019).
///
/// A position p of the node sees the box of `size` pixels from `start` + p · `step` on. Of several paths it is the box
/// around all of theirs. It is not cut off at the input's border.
package struct ReceptiveField: Equatable, Sendable {
    package struct Axis: Equatable, Sendable {
        /// How many pixels; behind a layer that enlarges with parts of one.
        package var size: Double
        /// How many pixels lie between the boxes of neighbours; less than one where a layer has enlarged the image.
        package var step: Double
        /// Where the first position's box begins, negative in the padding.
        package var start: Double

        /// The pixels, of `count` that there are, that positions may depend on. What it leaves out has no influence.
        package func pixels(position: Int, of count: Int) -> Range<Int> {
            let begin = start + Double(position) * step
            let lower = min(max(Int(begin.rounded(.down)), 0), count)
            return lower..<min(max(Int((begin + size).rounded(.up)), lower), count)
        }
    }

    /// The axes of positions: two of an image, one of a sequence, none of a vector.
    package private(set) var axes: [Axis]
    /// Whether the values depend on the whole input.
    package private(set) var isWhole: Bool

    /// Of an input itself. A vector has no positions, unless its numbers are tokens.
    init(input: Shape, isTokens: Bool) {
        let count = isTokens && input.rank == 1 ? 1 : max(input.rank - 1, 0)
        axes = Array(repeating: Axis(size: 1, step: 1, start: 0), count: count)
        isWhole = false
    }

    /// Of a layer that reads `inputs` through a window.
    init(_ inputs: [ReceptiveField], through window: ReceptiveWindow) {
        self = inputs.dropFirst().reduce(inputs[0]) { $0.union($1) }
        switch window {
        case .position: break
        case .everything: isWhole = true
        case .taps(let taps) where taps.count == axes.count:
            for (index, taps) in taps.enumerated() {
                let spacing = Double(taps.spacing)
                // Where inputs lie apart, which of them a window meets differs from output to output: the box is one
                // for all.
                axes[index].size += Double(taps.extent - 1) / spacing * axes[index].step
                axes[index].start -= Double(taps.padding) / spacing * axes[index].step
                axes[index].step *= Double(taps.stride) / spacing
            }
        case .taps: break  // a vector that was made an image has no positions in the input
        }
    }

    private func union(_ other: ReceptiveField) -> ReceptiveField {
        // A vector beside an image, which another input of the model is: what is said is said of the image.
        guard axes.count == other.axes.count else {
            var result = axes.count > other.axes.count ? self : other
            result.isWhole = isWhole || other.isWhole
            return result
        }
        var result = self
        result.isWhole = isWhole || other.isWhole
        for (index, (a, b)) in zip(axes, other.axes).enumerated() {
            let start = min(a.start, b.start)
            result.axes[index] = Axis(
                size: max(a.start + a.size, b.start + b.size) - start, step: max(a.step, b.step), start: start)
        }
        return result
    }
}
