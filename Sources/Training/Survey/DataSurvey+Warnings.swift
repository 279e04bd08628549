import System

extension DataSurvey {
    /// So many times the samples of the smallest class are worth a word.
    private static let imbalance = 3.0

    /// What may be wrong with the data, each with what to do.
    func makeWarnings(isSelected: Bool, isBalanced: Bool) -> [String] {
        let training = parts[0]
        return damaged() + classes(of: training, isSelected: isSelected, isBalanced: isBalanced)
            + shared.map(Self.text) + copies()
            + parts.flatMap { numbers(of: $0) }
            + (training.samples > 1 ? constantChannels(of: training) : [])
    }

    private func damaged() -> [String] {
        parts.filter { $0.damagedCount > 0 }.map { part in
            let first = part.damaged.first.map { "\($0.sample): \($0.problem)" } ?? ""
            return "\(part.part): \(samples(part.damagedCount)) can't be read, the first is \(first)"
        }
    }

    private func classes(of part: PartSurvey, isSelected: Bool, isBalanced: Bool) -> [String] {
        var result: [String] = []
        for field in part.fields where !field.classes.isEmpty && field.shape.isEmpty {
            let empty = field.classes.filter { $0.count == 0 }.map { "'\($0.name)'" }
            if !isSelected, !empty.isEmpty, empty.count < field.classes.count {
                let named = empty.prefix(SampleList.shown).joined(separator: ", ") + (empty.count > 8 ? ", …" : "")
                result.append(
                    "\(part.part): no sample has the '\(field.name)' \(named), which can't be learned then; add some, "
                        + "or leave the class out of the other parts too with data.exclude")
            }
            let there = field.classes.filter { $0.count > 0 }
            guard let most = there.max(by: { $0.count < $1.count }), let least = there.min(by: { $0.count < $1.count }),
                Double(most.count) >= Self.imbalance * Double(least.count), field.name == part.dataset.defaultTarget,
                !isBalanced
            else { continue }
            result.append(
                "\(part.part): '\(most.name)' has \(times(most.count, least.count)) times the samples of "
                    + "'\(least.name)' (\(most.count.grouped) and \(least.count.grouped)); if both matter alike set "
                    + "data.balance: classes, or classWeights: balanced of the loss, and look at each class's rates"
            )
        }
        return result
    }

    private static func text(_ shared: SharedSamples) -> String {
        let (first, second) = (shared.parts[0], shared.parts[1])
        return "\(second): \(samples(shared.samples)) \(shared.samples == 1 ? "is" : "are") in \(first) too"
            + (shared.examples.first.map { ", such as \($0[1]), there \($0[0])" } ?? "")
            + "; figures of \(second) are too good, take \(shared.samples == 1 ? "it" : "them") out of one of the parts"
    }

    private func copies() -> [String] {
        parts.flatMap { part in
            var result: [String] = []
            if part.contradictions.count > 0 {
                result.append(
                    "\(part.part): \(Self.samples(part.contradictions.count)) \(Self.have(part.contradictions)) a twin "
                        + "of another class\(Self.such(part.contradictions)); correct one of each, or remove both")
            }
            if part.copies.count > part.contradictions.count {
                result.append(
                    "\(part.part): \(Self.samples(part.copies.count)) "
                        + (part.copies.count == 1 ? "is a copy" : "are copies")
                        + " of others\(Self.such(part.copies)); remove them, unless the world has such")
            }
            if part.constant.count > 0 {
                result.append(
                    "\(part.part): \(Self.samples(part.constant.count)) \(Self.have(part.constant)) one number "
                        + "everywhere\(Self.such(part.constant)); look at them, an empty picture teaches nothing")
            }
            return result
        }
    }

    private func numbers(of part: PartSurvey) -> [String] {
        part.fields.filter { ($0.values?.infinite ?? 0) > 0 }.map { field in
            "\(part.part): \((field.values?.infinite ?? 0).grouped) numbers of '\(field.name)' are infinite; "
                + "correct them"
        }
    }

    private func constantChannels(of part: PartSurvey) -> [String] {
        part.fields.compactMap { field in
            guard field.kind == "numbers" else { return nil }
            let still = field.channels.filter { $0.count > 0 && $0.least == $0.most }.compactMap(\.name)
            if still.isEmpty { return nil }
            let named = still.prefix(SampleList.shown).map { "'\($0)'" }.joined(separator: ", ")
            return "\(part.part): \(named)\(still.count > SampleList.shown ? ", …" : "") of '\(field.name)' "
                + "\(still.count == 1 ? "is" : "are") the same in all samples and \(still.count == 1 ? "says" : "say") "
                + "nothing; leave \(still.count == 1 ? "it" : "them") out"
        }
    }

    private func samples(_ count: Int) -> String { Self.samples(count) }

    private static func samples(_ count: Int) -> String { "\(count.grouped) sample\(count == 1 ? "" : "s")" }

    private static func have(_ list: SampleList) -> String { list.count == 1 ? "has" : "have" }

    private static func such(_ list: SampleList) -> String {
        list.examples.isEmpty
            ? "" : " (\(list.examples.prefix(3).joined(separator: ", "))\(list.count > 3 ? ", …" : ""))"
    }

    private func times(_ a: Int, _ b: Int) -> String {
        let ratio = (10 * Double(a) / Double(b)).rounded() / 10
        return ratio == ratio.rounded() ? "\(Int(ratio))" : "\(ratio)"
    }
}
