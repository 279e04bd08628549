/// Where the gradients of a phase's weights lie: those weights alone, in the arena's order, without gaps.
///
/// Gradients, their sums over ranks and the optimiser's slots have these compact coordinates, so that a weight which a
/// phase does not train takes no memory, no message and no time. Every weight begins at a multiple of 16 floats. When
/// all weights are trained, compact coordinates are the arena's.
package struct GradientLayout: Sendable {
    /// A run of floats that lie together in both coordinates.
    package struct Span: Equatable, Sendable {
        package let compact: Range<Int>
        /// Where `compact.lowerBound` is in the arena.
        package let arenaOffset: Int

        package init(compact: Range<Int>, arenaOffset: Int) {
            self.compact = compact
            self.arenaOffset = arenaOffset
        }
    }

    /// The model's own layout.
    package let arena: ModelLayout
    /// What the phase may change.
    package let trained: ParameterSet
    /// Indices of the trained weights by ascending compact offset.
    package let order: [Int]
    /// Floats of all gradients, padding included; a multiple of 16.
    package let count: Int
    /// The whole of the gradients in as few runs as possible, ascending.
    package let spans: [Span]
    /// The first float of each parameter, by index.
    private let offsets: [Int?]

    package init(_ arena: ModelLayout, _ trained: ParameterSet) {
        precondition(
            trained.parameterCount == arena.parameters.count,
            "GradientLayout: a set of \(trained.parameterCount) for \(arena.parameters.count) parameters")
        var offsets = [Int?](repeating: nil, count: arena.parameters.count)
        var spans: [Span] = []
        var next = 0
        order = arena.trainableOrder.filter(trained.contains)
        for index in order {
            let end = next + ModelLayout.padded(arena.parameters[index].shape.count)
            let start = arena.offsets[index]
            offsets[index] = next
            if let last = spans.last, last.arenaOffset + last.compact.count == start {
                spans[spans.count - 1] = Span(
                    compact: last.compact.lowerBound..<end, arenaOffset: last.arenaOffset)
            } else if end > next {
                spans.append(Span(compact: next..<end, arenaOffset: start))
            }
            next = end
        }
        self.arena = arena
        self.trained = trained
        self.offsets = offsets
        self.spans = spans
        count = next
    }

    /// The first compact float of a parameter's gradient; nil when the phase does not train it.
    package func offset(of index: Int) -> Int? { offsets[index] }
}
