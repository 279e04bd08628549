import Autograd
import Kernels

/// The partial sums that the ranks contribute to a step, and how they are added to the whole in the order of the tree.
///
/// `@unchecked Sendable`: a value is used by one thread at a time; `scratch` is its working memory.
struct PartialSums: @unchecked Sendable {
    /// How many partial sums each rank contributes.
    let countOfRank: [Int]
    private let additions: [(target: Int, source: Int)]
    private let scratch: FlatBuffer

    /// Floats added at a time, so that intermediate sums stay in the first-level cache.
    private static let chunk = 2048

    init(_ assignment: GrainAssignment) {
        let roots = (0..<assignment.worldSize).map(assignment.roots(ofRank:))
        countOfRank = roots.map(\.count)
        additions = assignment.tree.additions(of: roots.flatMap { $0 })
        scratch = FlatBuffer(count: PartialSums.chunk * roots.joined().count)
    }

    /// The partial sums of all ranks.
    var count: Int { countOfRank.reduce(0, +) }

    /// result = Σ pieces, `floats` of each, in the order of the tree.
    ///
    /// - Parameter pieces: ``count`` partial sums in the order of the ranks; unchanged, and apart from `result`.
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
