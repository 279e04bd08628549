/// How many single-character edits make `name` match the glob `pattern` (`*` any characters, `?` one); 0 is a match.
///
/// Levenshtein distance (Wagner and Fischer 1974) in which `*` absorbs characters at no cost.
func globDistance(_ pattern: String, _ name: String) -> Int {
    let characters = Array(name.utf8)
    var previous = Array(0...characters.count)
    for symbol in pattern.utf8 {
        let isStar = symbol == UInt8(ascii: "*")
        var current = [previous[0] + (isStar ? 0 : 1)]
        current.reserveCapacity(previous.count)
        for (column, character) in characters.enumerated() {
            if isStar {
                current.append(min(previous[column + 1], current[column]))
            } else {
                let matches = symbol == character || symbol == UInt8(ascii: "?")
                let replaced = previous[column] + (matches ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
        }
        previous = current
    }
    return previous[characters.count]
}
