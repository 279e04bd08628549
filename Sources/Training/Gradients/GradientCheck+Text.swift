import Foundation

extension GradientCheck {
    /// A line for each parameter, and what all of them come to.
    package var text: String {
        var lines = ["\(name): \(samples) samples, seed \(seed), up to \(settings.perParameter) values of a parameter"]
        for phase in phases {
            if !phase.isOnly { lines.append("\nphase \(phase.name)") }
            switch phase.outcome {
            case .compared(let all): lines += table(all)
            case .noDerivative(let reason): lines.append("not checked: \(reason)")
            case .notFinite:
                lines.append(
                    "the loss or the gradient is not finite at the first weights; "
                        + "'trainer train' names the layer, and a smaller initializer may help")
            }
        }
        return (lines + ["", summary]).joined(separator: "\n")
    }

    private func table(_ all: [GradientComparison.Comparison]) -> [String] {
        let head = ["parameter", "shape", "difference", "backward", "numerical", "kinks", ""]
        let rows = all.map { item -> [String] in
            let kinks = item.count(of: .kink)
            guard let worst = item.worst else {
                return [item.parameter.name, "\(item.parameter.shape)", "–", "–", "–", "\(kinks)", "kinks alone"]
            }
            let isFlat = item.values.allSatisfy { $0.backward == 0 }
            return [
                item.parameter.name, "\(item.parameter.shape)", String(format: "%.1e", worst.difference),
                number(worst.backward), number(worst.numerical), kinks == 0 ? "" : "\(kinks)",
                worst.verdict == .differs ? "DIFFERS at value \(worst.index)" : isFlat ? "no gradient" : "",
            ]
        }
        let table = [head] + rows
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            let cells = row.enumerated().map { column, cell -> String in
                let room = String(repeating: " ", count: widths[column] - cell.count)
                return [0, 1, 6].contains(column) ? cell + room : room + cell
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// One line, for people and scripts.
    package var summary: String {
        let all = phases.flatMap { phase -> [GradientComparison.Comparison] in
            if case .compared(let all) = phase.outcome { all } else { [] }
        }
        let kinks = all.reduce(0) { $0 + $1.count(of: .kink) }
        let failed = all.filter { $0.count(of: .differs) > 0 }
        let worst = all.compactMap { item in item.worst.map { (item.parameter.name, $0.difference) } }
            .max { $0.1 < $1.1 }
        return "parameters=\(all.count) failed=\(failed.count) kinks=\(kinks)"
            + (worst.map { " worst=" + String(format: "%.1e", $0.1) + " (\($0.0))" } ?? "")
    }

    /// What is wrong, ending with what to do; nil where nothing is.
    package var problem: String? {
        guard fails else { return nil }
        let failed = phases.flatMap { phase -> [String] in
            guard case .compared(let all) = phase.outcome else { return [] }
            return all.filter { $0.count(of: .differs) > 0 }.map(\.parameter.name)
        }
        if failed.isEmpty { return "\(name): the loss or the gradient is not finite; see above" }
        return "\(name): backpropagation differs from the numerical derivative by more than \(settings.tolerance) in "
            + failed.joined(separator: ", ") + "; look at the pullback of the layers that use them, and of those "
            + "between them and the loss"
    }

    private func number(_ value: Double) -> String { String(format: "%.5g", value) }
}
