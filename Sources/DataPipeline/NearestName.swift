/// The entry of `known` that `name` most probably means: the fewest edits, at most a third of its length; nil when none is near.
package func nearestName(to name: String, among known: [String]) -> String? {
    let candidates = known.map { (name: $0, distance: editDistance(name.lowercased(), $0.lowercased())) }
    guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.name.count / 3) ? best.name : nil
}

/// Insertions, deletions and substitutions from `a` to `b` (Levenshtein 1966), by the row-wise recurrence of Wagner and Fischer.
private func editDistance(_ a: String, _ b: String) -> Int {
    let target = Array(b)
    var row = Array(0...target.count)
    for (i, character) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in target.indices {
            let substitution = diagonal + (character == target[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[target.count]
}
