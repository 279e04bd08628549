import Kernels
import TensorCore

/// The products of a layer's states with its weights U [gates · H, H], which every step needs: U stays packed over the
/// steps where each has rows enough to pay for it.
///
/// States and sums are padded to `width` units, a multiple of 16; padding is zero.
struct StateProduct {
    private let cell: RecurrentCell
    private let units: Int
    private let width: Int
    private let weight: Tensor
    /// Packed by part of the cell; nil where products read the weights as they are.
    private let panels: [Tensor]?
    private let isTransposed: Bool

    /// With fewer rows a step the library's products of few rows are as fast as packing and multiplying.
    private static let leastRows = 4

    /// - Parameter isForward: whether it is for sums = state · Uᵀ; else for gradients of states = those of sums · U.
    init(
        _ cell: RecurrentCell, _ weight: Tensor, width: Int, rows: StepRows, isForward: Bool, pool: StoragePool
    ) {
        self.cell = cell
        self.weight = weight
        self.width = width
        isTransposed = isForward
        let units = weight.shape[1]
        self.units = units
        guard rows.samples >= StateProduct.leastRows, rows.steps > 1 else {
            panels = nil
            return
        }
        panels = cell.parts.map { part in
            let start = UnsafePointer(weight.pointer) + part.first * units * units
            if isForward {
                let panels = Tensor([panelCount(k: units, n: part.count * width)], pool: pool)
                packTransposedBlocks(
                    start, blocks: part.count, units: units, padded: width, inputs: units, into: panels.pointer)
                return panels
            }
            let panels = Tensor([panelCount(k: part.count * width, n: width)], pool: pool)
            packBlocks(
                start, blocks: part.count, units: units, padded: width, inputs: units, width: width,
                into: panels.pointer)
            return panels
        }
    }

    /// Adds state · Uᵀ to sums.
    ///
    /// - Parameters:
    ///   - state: `rows` of `width`.
    ///   - gates: `rows` of gates · `width`.
    ///   - hidden: `rows` of `width`, where the cell has a part that is not among the gates.
    func addSums(
        _ state: UnsafePointer<Float>, rows: Int, gates: UnsafeMutablePointer<Float>,
        hidden: UnsafeMutablePointer<Float>?
    ) {
        precondition(isTransposed, "StateProduct: packed for gradients")
        for (index, part) in cell.parts.enumerated() {
            let (target, stride) = destination(part, gates, hidden)
            if let panels {
                multiplyPanels(
                    m: rows, n: part.count * width, k: units, state, lda: width, panels[index].pointer, into: target,
                    ldc: stride, accumulate: true)
                continue
            }
            forEachBlock(of: part) { block, count, start in
                if rows == 1 {
                    multiplyVector(
                        rows: count, columns: units, start, state, into: target + block * width, accumulate: true)
                } else {
                    layerProduct(
                        m: rows, n: count, k: units, state, lda: width, start, ldb: units, transposeB: true,
                        into: target + block * width, ldc: stride, accumulate: true)
                }
            }
        }
    }

    /// The gradient of states, `rows` of `width`, from those of sums: Σ over gates of dsum · U.
    ///
    /// - Parameter accumulate: adds to what is there.
    func stateGradient(
        gates: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>?, rows: Int,
        into gradient: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        precondition(!isTransposed, "StateProduct: packed for sums")
        var accumulate = accumulate
        for (index, part) in cell.parts.enumerated() {
            let (source, stride) = destination(part, gates, hidden)
            if let panels {
                multiplyPanels(
                    m: rows, n: width, k: part.count * width, source, lda: stride, panels[index].pointer,
                    into: gradient, ldc: width, accumulate: accumulate)
                accumulate = true
                continue
            }
            forEachBlock(of: part) { block, count, start in
                layerProduct(
                    m: rows, n: units, k: count, source + block * width, lda: stride, start, ldb: units,
                    into: gradient, ldc: width, accumulate: accumulate)
                accumulate = true
            }
        }
    }

    private func destination(
        _ part: (first: Int, count: Int, isHidden: Bool), _ gates: UnsafeMutablePointer<Float>,
        _ hidden: UnsafeMutablePointer<Float>?
    ) -> (UnsafeMutablePointer<Float>, stride: Int) {
        if part.isHidden {
            guard let hidden else { preconditionFailure("StateProduct: no room for the hidden part") }
            return (hidden, width)
        }
        return (gates + part.first * width, cell.gateCount * width)
    }

    /// The part's gates one by one, or together where none is padded: the first, the rows of U and where they begin.
    private func forEachBlock(
        of part: (first: Int, count: Int, isHidden: Bool),
        _ body: (_ block: Int, _ count: Int, _ start: UnsafePointer<Float>) -> Void
    ) {
        let start = UnsafePointer(weight.pointer) + part.first * units * units
        if width == units { return body(0, part.count * units, start) }
        for block in 0..<part.count { body(block, units, start + block * units * units) }
    }
}
