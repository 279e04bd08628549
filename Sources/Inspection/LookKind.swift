import ArgumentParser
import Training

/// A way to look at a network, or at what it is made of: `trainer look NAME …`.
///
/// A new one is a file in `Kinds/` with its options, what it computes and what it shows, and a line in
/// ``lookCatalogue``. The command, the files and the page are made for all of them alike.
package protocol LookKind: ParsableArguments {
    /// The command's name.
    static var name: String { get }
    /// What it shows, one sentence.
    static var abstract: String { get }
    /// More of it for its help.
    static var discussion: String { get }
    /// What it looks at; nil where it needs no trained weights.
    var source: RunArguments? { get }

    /// What it shows. Collective: every rank calls it, and what rank 0 gives is written.
    func page(_ job: LookJob) throws -> LookPage
}

extension LookKind {
    package static var discussion: String { "" }
    package var source: RunArguments? { nil }
}

/// Who computes a page.
package struct LookJob {
    package let ranks: Ranks
    /// Worker threads of a rank; nil for its share of the cores.
    package let threads: Int?

    package init(ranks: Ranks, threads: Int?) {
        self.ranks = ranks
        self.threads = threads
    }
}
