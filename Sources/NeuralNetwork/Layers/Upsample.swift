import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// An image [N, H, W, C] → [N, fh · H, fw · W, C], or a sequence [N, T, C] → [N, f · T, C], made larger.
struct Upsample: UnaryLayer {
    /// [fh, fw].
    let factor: [Int]
    let interpolation: Interpolation

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        guard x.shape.rank == 3 else { return upsample2D(x, factor: factor, interpolation) }
        let image = reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]])
        let y = upsample2D(image, factor: factor, interpolation)
        var result = reshape(y, [y.shape[0], y.shape[2], y.shape[3]])
        result.lengths = x.lengths.map { SequenceLengths($0.counts.map { $0 * factor[1] }) }
        return result
    }

    static let entry = LayerEntry(
        "upsample", "An image or a sequence made larger by whole factors.", shorthand: "factor"
    ) { reader in
        Kind(
            factor: reader.required("factor", .size(in: 1...), "How many times as high and wide, or as long."),
            interpolation: reader.value(
                "mode", .choice(of: Interpolation.self), default: "nearest",
                "`nearest` repeats values; `bilinear` goes from one to the next, as PyTorch's with "
                    + "`align_corners=False`, for images."))
    }

    struct Kind: LayerKind {
        let factor: Size
        let interpolation: Interpolation

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 3 || input.rank == 2 else {
                throw ModelError.wrongRank(
                    layer: path, input: input, expected: "an image [H, W, C] or a sequence [steps, channels]")
            }
            if input.rank == 2, factor.height != factor.width || interpolation != .nearest {
                throw ModelError.refused(
                    layer: path,
                    because: "its input \(input) is a sequence, which takes one factor and the mode nearest; give it "
                        + "these")
            }
            let factors = input.rank == 2 ? [1, factor.width] : factor.extents
            let output: Shape =
                input.rank == 2
                ? [input[0] * factor.width, input[1]] : [input[0] * factor.height, input[1] * factor.width, input[2]]
            try builder.requireSize(output, path)
            // A row of inputs between two, then each output between two of that row's.
            let blends = interpolation == .bilinear ? output.count + output.count / max(factor.width, 1) : 0
            return builder.add(
                Upsample(factor: factors, interpolation: interpolation), "upsample", inputs, output, path,
                multiplications: 2 * blends, additions: blends,
                window: .taps(factors.suffix(input.rank - 1).map(taps)),
                lengths: input.rank == 2 ? .changed : .usual)
        }

        /// The inputs along an axis that an output depends on: a window over the inputs with zeros between them, which
        /// holds one of them, or two.
        private func taps(_ factor: Int) -> ReceptiveWindow.Taps {
            guard interpolation == .bilinear else { return .init(factor, padding: factor - 1, spacing: factor) }
            return .init(factor % 2 == 0 ? 2 * factor : 2 * factor - 1, padding: (3 * factor - 2) / 2, spacing: factor)
        }
    }
}

extension LayerSpecification {
    package static func upsample(factor: Size, mode: Interpolation = .nearest) -> LayerSpecification {
        .init(Upsample.Kind(factor: factor, interpolation: mode))
    }
}
