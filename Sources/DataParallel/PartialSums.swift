import Autograd
import Kernels

/// How partial sums are added to that of a whole subtree, in the order of the tree.
///
/// `@unchecked Sendable`: a value is used by one thread at a time; `scratch` is its working memory.
struct PartialSums: @unchecked Sendable {
    /// How many partial sums there are.
    let count: Int
    private let additions: [(target: Int, source: Int)]
    private let scratch: FlatBuffer

    /// Floats added at a time, so that intermediate sums stay in the first-level cache.
    private static let chunk = 2048

    /// - Parameters:
    ///   - pieces: the nodes whose sums are given, in order of their grains.
    ///   - whole: the node that they are all of, nil for the root of the tree.
    init(of pieces: [Int], to whole: Int? = nil, in tree: SummationTree) {
        count = pieces.count
        additions = tree.additions(of: pieces, to: whole)
        scratch = FlatBuffer(count: PartialSums.chunk * pieces.count)
    }

    /// result = Σ pieces, `floats` of each, in the order of the tree.
    ///
    /// - Parameter pieces: ``count`` partial sums in the order of their grains; unchanged, and apart from `result`.
    func add(_ pieces: [UnsafePointer<Float>], into result: UnsafeMutablePointer<Float>, floats: Int) {
        precondition(pieces.count == count, "PartialSums: \(pieces.count) pieces of \(count)")
        guard let final = additions.indices.last else { return result.update(from: pieces[0], count: floats) }
        var operands = pieces
        var lower = 0
        while lower < floats {
            let n = min(PartialSums.chunk, floats - lower)
            for index in pieces.indices { operands[index] = pieces[index] + lower }
            for (index, addition) in additions.enumerated() {
                let sum = index == final ? result + lower : scratch.pointer + addition.target * PartialSums.chunk
                Kernels.add(operands[addition.target], operands[addition.source], into: sum, count: n)
                operands[addition.target] = UnsafePointer(sum)
            }
            lower += n
        }
    }
}
