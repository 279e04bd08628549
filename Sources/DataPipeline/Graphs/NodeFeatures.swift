/// The features of a graph's nodes: of each the numbers that are not 0, or all of them.
struct NodeFeatures: Sendable {
    let nodeCount: Int
    /// How many numbers a node has.
    let width: Int
    private let values: Values

    private enum Values: Sendable {
        /// Row-major.
        case all([Float])
        /// Where the entries of each node begin, and where the last ones end.
        case some(starts: [Int], columns: [Int32], values: [Float])
    }

    /// Row `node`, zeros among them.
    func read(_ node: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(
            node >= 0 && node < nodeCount && buffer.count == width,
            "NodeFeatures: \(buffer.count) numbers of node \(node), of \(nodeCount) nodes with \(width)")
        switch values {
        case .all(let all): for column in 0..<width { buffer[column] = all[node * width + column] }
        case .some(let starts, let columns, let values):
            buffer.update(repeating: 0)
            for entry in starts[node]..<starts[node + 1] { buffer[Int(columns[entry])] = values[entry] }
        }
    }

    /// The same with numbers of each node that add up to 1, as Kipf and Welling 2017 take them; nodes whose numbers add
    /// up to 0 stay as they are.
    func dividedBySums() -> NodeFeatures {
        switch values {
        case .all(var all):
            for node in 0..<nodeCount {
                let row = node * width..<(node + 1) * width
                let factor = NodeFeatures.factor(all[row])
                for place in row { all[place] *= factor }
            }
            return NodeFeatures(nodeCount: nodeCount, width: width, values: .all(all))
        case .some(let starts, let columns, var values):
            for node in 0..<nodeCount {
                let row = starts[node]..<starts[node + 1]
                let factor = NodeFeatures.factor(values[row])
                for place in row { values[place] *= factor }
            }
            return NodeFeatures(
                nodeCount: nodeCount, width: width, values: .some(starts: starts, columns: columns, values: values))
        }
    }

    private static func factor(_ row: ArraySlice<Float>) -> Float {
        let sum = row.reduce(0.0) { $0 + Double($1) }
        return sum == 0 ? 1 : Float(1 / sum)
    }

    // MARK: - Reading

    /// Columns of numbers, a row a node.
    ///
    /// - Throws: `DataError` with the line.
    init(table: Table) throws(DataError) {
        var columns: [[Float]] = []
        for column in table.columns.indices {
            columns.append(try table.numbers(column, remedy: "give a file of numbers alone"))
        }
        nodeCount = table.count
        width = columns.count
        values = .all((0..<table.count).flatMap { row in columns.map { $0[row] } })
    }

    /// Lines of indices, counted from 0, of what is 1, or `index:value` of what is something else; a line a node, an
    /// empty one for a node of zeros.
    ///
    /// - Parameter width: how many features there are; nil for one more than the largest index.
    /// - Throws: `DataError.table` with the line.
    init(lines file: SharedBytes, width known: Int?) throws(DataError) {
        var starts = [0]
        var columns: [Int32] = []
        var numbers: [Float] = []
        var largest = -1
        for (index, line) in try NodeFeatures.lines(file).enumerated() {
            func problem(_ text: String) -> DataError {
                .table(path: file.path, line: index + 1, column: nil, problem: text)
            }
            for entry in line.split(whereSeparator: { " \t,".contains($0) }) {
                let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count <= 2, let column = Int32(parts[0]), column >= 0 else {
                    throw problem("'\(entry)' is no index of a feature; write indices from 0, or index:value")
                }
                guard let number = parts.count == 2 ? Float(parts[1]) : 1, number.isFinite else {
                    throw problem("'\(entry)' has no number behind its index; correct it")
                }
                if let known, column >= known {
                    throw problem("there is no feature \(column) of \(known), which are counted from 0; correct it")
                }
                columns.append(column)
                numbers.append(number)
                largest = max(largest, Int(column))
            }
            let own = columns[starts[index]...]
            guard Set(own).count == own.count else {
                throw problem("a feature stands here twice; write each once")
            }
            starts.append(columns.count)
        }
        guard let width = known ?? (largest >= 0 ? largest + 1 : nil) else {
            throw .tableSettings(path: file.path, problem: "no node has a feature; replace the file by a complete one")
        }
        self.init(
            nodeCount: starts.count - 1, width: width,
            values: .some(starts: starts, columns: columns, values: numbers))
    }

    private init(nodeCount: Int, width: Int, values: Values) {
        self.nodeCount = nodeCount
        self.width = width
        self.values = values
    }

    private static func lines(_ file: SharedBytes) throws(DataError) -> [Substring] {
        let text = file.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        guard !lines.isEmpty else { throw .emptyFile(path: file.path) }
        return lines.map { $0.last == "\r" ? $0.dropLast() : $0 }
    }
}
