/// The least number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
///
/// The restricted Damerau–Levenshtein distance (Damerau 1964), O(|a|·|b|); upper and lower case count as equal.
package func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.lowercased())
    let b = Array(b.lowercased())
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 0..<a.count {
        var current = [i + 1]
        for j in 0..<b.count {
            var best = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforePrevious[j - 1] + 1) }
            current.append(best)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[b.count]
}

/// A name without capitals and underscores, in which `label_smoothing` and `labelSmoothing` are the same.
package func withoutUnderscores(_ name: String) -> String { name.lowercased().filter { $0 != "_" } }

/// The candidate that `name` resembles most: the same word with underscores, a likely slip of the hand, or else a name
/// that contains the other, as `batch` and `batchSize` do; nil when none is near enough.
package func nearestName(to name: String, among candidates: [String]) -> String? {
    let plain = withoutUnderscores(name)
    if let same = candidates.first(where: { withoutUnderscores($0) == plain }) { return same }
    let nearest = candidates.map { (name: $0, distance: editDistance(name, $0)) }.min { $0.distance < $1.distance }
    if let nearest, nearest.distance <= max(1, (min(name.count, nearest.name.count) + 1) / 3) { return nearest.name }
    let containing = candidates.filter { candidate in
        let other = withoutUnderscores(candidate)
        return min(plain.count, other.count) >= 4 && (plain.contains(other) || other.contains(plain))
    }
    // Of several parts of the name the longest says most: `globalAveragePool` rather than `averagePool`.
    let longest = containing.map(\.count).max()
    return containing.first { $0.count == longest && $0.count <= name.count } ?? containing.first
}
