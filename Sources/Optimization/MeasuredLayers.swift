import Kernels

/// The matrices and filters of which a ``LayerwiseRule`` needs norms, cut into pieces of a fixed size.
///
/// Pieces are counted from each parameter's own beginning, so that a norm is the same wherever the parameter lies.
struct MeasuredLayers: Sendable {
    /// Elements of a piece; the last of a parameter may have fewer.
    static let pieceCount = 65_536

    struct Layer: Sendable {
        let range: Range<Int>
        let settings: GroupSettings
        /// Its pieces among those of all layers.
        let pieces: Range<Int>
    }

    let rule: any LayerwiseRule
    /// By place in the flat buffer; frozen parameters and vectors are none.
    let layers: [Layer]
    /// Pieces of all layers.
    var count: Int { layers.last?.pieces.upperBound ?? 0 }

    init(_ rule: any LayerwiseRule, _ groups: ParameterGroups) {
        self.rule = rule
        var layers: [Layer] = []
        for (span, settings) in zip(groups.spans, groups.settings) {
            guard span.rowLength != nil, !settings.isFrozen, span.count > 0 else { continue }
            let first = layers.last?.pieces.upperBound ?? 0
            let pieces = (span.count + Self.pieceCount - 1) / Self.pieceCount
            layers.append(Layer(range: span.range, settings: settings, pieces: first..<first + pieces))
        }
        self.layers = layers
    }

    /// The elements of a layer's piece.
    func range(ofPiece piece: Int, of layer: Layer) -> Range<Int> {
        let start = layer.range.lowerBound + (piece - layer.pieces.lowerBound) * Self.pieceCount
        return start..<min(start + Self.pieceCount, layer.range.upperBound)
    }

    /// A range in parts that lie in one layer, or in none.
    func parts(of range: Range<Int>) -> [(range: Range<Int>, layer: Layer?)] {
        var parts: [(range: Range<Int>, layer: Layer?)] = []
        var start = range.lowerBound
        for layer in layers where layer.range.overlaps(range) {
            let part = layer.range.clamped(to: range)
            if part.lowerBound > start { parts.append((start..<part.lowerBound, nil)) }
            parts.append((part, layer))
            start = part.upperBound
        }
        if start < range.upperBound { parts.append((start..<range.upperBound, nil)) }
        return parts
    }

    /// A layer's trust ratio from the sums of its pieces, added in their order.
    func ratio(of layer: Layer, _ step: UpdateStep, _ sums: UnsafePointer<SquareSums>?) -> Double {
        guard let sums else { preconditionFailure("Optimizer: \(rule.name) updates what has not been measured") }
        var total = SquareSums()
        for piece in layer.pieces {
            total.weights += sums[piece].weights
            total.direction += sums[piece].direction
        }
        return rule.trustRatio(
            weights: total.weights.squareRoot(), direction: total.direction.squareRoot(), step: step)
    }
}

extension Optimizer {
    /// Pieces that are measured before an update; 0 unless the rule is layer-wise.
    package var pieceCount: Int { layers?.count ?? 0 }

    /// The pieces that `part` of `parts` measures.
    package func pieces(part: Int, of parts: Int) -> Range<Int> {
        pieceCount * part / parts..<pieceCount * (part + 1) / parts
    }

    /// The pieces that lie in `range`, which cuts none.
    package func pieces(in range: Range<Int>) -> Range<Int> {
        guard let layers else { return 0..<0 }
        var found: Range<Int>?
        for layer in layers.layers where layer.range.overlaps(range) {
            let own = layer.pieces.filter { range.contains(layers.range(ofPiece: $0, of: layer).lowerBound) }
            guard let first = own.first, let last = own.last else { continue }
            precondition(
                layers.range(ofPiece: last, of: layer).upperBound <= range.upperBound,
                "Optimizer: \(range) cuts a measured piece")
            found = (found?.lowerBound ?? first)..<last + 1
        }
        return found ?? 0..<0
    }

    /// The first pass of an update by a layer-wise rule: writes the sums of some pieces to their places in `sums`,
    /// which has ``pieceCount`` of them, and changes nothing else. Other arguments are as for the update that follows.
    package func measure(
        _ pieces: Range<Int>, into sums: UnsafeMutablePointer<SquareSums>, parameters: UnsafePointer<Float>,
        gradients: UnsafePointer<Float>, slots: [UnsafeMutablePointer<Float>], learningRate: Double,
        gradientScale: Double, stepNumber: Int
    ) {
        guard let layers else { return }
        for layer in layers.layers where layer.pieces.overlaps(pieces) {
            let step = updateStep(
                layer.settings, learningRate: learningRate, gradientScale: gradientScale, stepNumber: stepNumber)
            for piece in layer.pieces.clamped(to: pieces) {
                sums[piece] = layers.rule.squareSums(
                    layers.range(ofPiece: piece, of: layer), parameters: parameters, gradients: gradients,
                    slots: slots, step: step)
            }
        }
    }
}
