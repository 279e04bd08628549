import Foundation
import NeuralNetwork

/// A brick's values as text and as a picture.
package struct BrickPage {
    private let brick: Brick
    private let rows: [BrickRow]
    private let beside: [Float]
    private let epsilon: Float

    package init(_ brick: Brick, _ rows: [BrickRow], beside: [Float], epsilon: Float) {
        self.brick = brick
        self.rows = rows
        self.beside = beside
        self.epsilon = epsilon
    }

    /// A sentence, and a line for each value.
    package var text: String {
        let head = ["x", "forward", "backward", "numerical", "±", ""]
        let table = [head] + rows.map(cells)
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        let lines = table.map { row in
            let cells = row.enumerated().map { column, cell -> String in
                let room = String(repeating: " ", count: widths[column] - cell.count)
                return column == row.count - 1 ? cell : room + cell
            }
            return cells.joined(separator: "  ").replacingOccurrences(
                of: " +$", with: "", options: .regularExpression)
        }
        return (["\(brick.name): \(brick.documentation)"] + notes + lines).joined(separator: "\n")
    }

    private var notes: [String] {
        let others = beside.map { NumberText.significant(Double($0)) }.joined(separator: ", ")
        var notes: [String] = []
        if brick.readsOthers {
            notes.append("Beside x it reads another output, which is \(others.prefix { $0 != "," }) (--beside).")
        } else if brick.inputCount > 1 {
            notes.append(
                "It reads (x, \(others)); "
                    + (brick.kind == .loss ? "backward is" : "forward is the first output, and backward")
                    + " its derivative with respect to x.")
        }
        return notes
    }

    private func cells(_ row: BrickRow) -> [String] {
        func number(_ value: Double?) -> String { value.map { NumberText.significant($0) } ?? "–" }
        return [
            number(Double(row.x)), number(row.forward), number(row.backward), number(row.numerical),
            row.error.map { NumberText.significant($0, digits: 1) } ?? "–", remark(row),
        ]
    }

    private func remark(_ row: BrickRow) -> String {
        let within = NumberText.significant(Double(epsilon))
        switch row.roughness {
        case .kink(let left, let right):
            return "kink within \(within): the slope is \(side(left)) on the left and \(side(right)) on the right"
        case .jump(let below, let above):
            return "jump within \(within): from \(side(below)) to \(side(above))"
        case nil where row.numerical == nil: return "not finite near here"
        case nil: return row.differs ? "DIFFERS" : ""
        }
    }

    private func side(_ value: Double) -> String { NumberText.significant(value, digits: 4) }

    // MARK: - The picture

    /// Values of each curve.
    private static let pointCount = 601

    /// Forward and backward over the range of the values, at least −4…4.
    package var picture: ChartPicture {
        let places = rows.map { Double($0.x) }
        let (low, high) = (min(places.min() ?? 0, -4), max(places.max() ?? 0, 4))
        var (forward, backward): ([Chart.Point], [Chart.Point]) = ([], [])
        for step in 0..<BrickPage.pointCount {
            let x = low + (high - low) * Double(step) / Double(BrickPage.pointCount - 1)
            let passes = brick.passes(at: Float(x), beside)
            forward.append(Chart.Point(x, Double(passes.forward[0])))
            backward.append(Chart.Point(x, Double(passes.backward[0])))
        }
        return ChartPicture(
            Chart(
                title: brick.name,
                series: [
                    .init(name: "forward", color: 1, style: .line, points: forward),
                    .init(name: "backward", color: 2, style: .line, points: backward),
                ], scale: .linear, horizontal: "x"))
    }
}
