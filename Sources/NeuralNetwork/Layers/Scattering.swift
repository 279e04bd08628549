import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// The scattering transform, a first layer without parameters: [N, H, W, C] → [N, H / 2ᴶ, W / 2ᴶ, C · paths], rounded
/// down.
///
/// Bruna and Mallat 2013. Moduli of wavelets' responses, averaged over about 2ᴶ pixels, do not change much where the
/// image is shifted or bent a little; the second order keeps what the average takes away.
struct Scattering: UnaryLayer {
    let transform: ScatteringTransform

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { scattering2D(x, transform) }

    static let entry = LayerEntry(
        "scattering",
        "Scattering transform (Bruna and Mallat 2013): moduli of Morlet wavelets' responses, averaged; nothing to "
            + "learn. It gives 1 + J·L + L²·J·(J − 1)/2 numbers of each channel at every 2^J-th pixel, those of order "
            + "1 J·L alone."
    ) { reader in
        Kind(
            scales: reader.required(
                "J", .integer(in: 1...12),
                "Scales of the wavelets, each twice the one before; the average is over about 2^J pixels."),
            orientations: reader.value(
                "L", .integer(in: 1...64), default: 8, "Directions of the wavelets over half a turn."),
            order: reader.value(
                "order", .integer(in: 1...2), default: 2,
                "2 also for wavelets in the modulus of finer ones, 1 without them."))
    }

    struct Kind: LayerKind {
        let scales: Int
        let orientations: Int
        let order: Int

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.image(inputs, path)
            guard min(input[0], input[1]) >= 1 << scales else {
                throw ModelError.doesNotFit(layer: path, input: input, window: "\(1 << scales)×\(1 << scales)")
            }
            let first = scales * orientations
            let second = order < 2 ? 0 : orientations * orientations * scales * (scales - 1) / 2
            let output: Shape = [input[0] >> scales, input[1] >> scales, input[2] * (1 + first + second)]
            try builder.requireSize(output, path)
            let transform = ScatteringTransform(
                height: input[0], width: input[1], scales: scales, orientations: orientations, order: order)
            return builder.add(
                Scattering(transform: transform), "scattering", inputs, output, path,
                multiplyAdds: input[2] * transform.multiplyAdds, window: .everything)
        }
    }
}

extension LayerSpecification {
    package static func scattering(scales: Int, orientations: Int = 8, order: Int = 2) -> LayerSpecification {
        .init(Scattering.Kind(scales: scales, orientations: orientations, order: order))
    }
}
