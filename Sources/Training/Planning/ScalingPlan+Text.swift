import Foundation
import System

extension ScalingPlan {
    /// What was measured, a line for each number of ranks, and what to change.
    package var text: String {
        let header = [
            "ranks", "hosts", "ranks × threads", "step, ms", "samples/s", "efficiency", "GB a host", "network",
        ]
        let rows = shapes.map { shape -> [String] in
            let layout = "\(shape.mostRanksOfHost) × \(shape.threads)"
            let start = [shape.ranks.grouped, shape.hosts.grouped, layout]
            guard let prediction = model.prediction(shape) else {
                return start + ["impossible", "–", "–", "–", "–"]
            }
            return start + [
                milliseconds(prediction.stepSeconds), Int(prediction.samplesPerSecond.rounded()).grouped,
                percent(prediction.efficiency), String(format: "%.2f", prediction.hostBytes / 1e9),
                percent(prediction.networkShare),
            ]
        }
        let table = TextTable(
            header: header, rows: rows, isText: header.map { $0 == "ranks × threads" })
        return (head + [""]).joined(separator: "\n") + "\n" + table.text
            + (shapes.flatMap(remarks).map { $0 + "\n" }.joined())
    }

    private var head: [String] {
        let costs = model.costs
        let times = costs.grains.map {
            "\(milliseconds($0.seconds)) ms with \($0.busyWorkers) busy worker\($0.busyWorkers == 1 ? "" : "s")"
        }
        var lines = [
            "\(name): a batch of \(costs.batch.grouped) in \(costs.grainCount.grouped) grains of \(costs.grain), "
                + String(format: "%.1f MB of gradients", Double(costs.gradientFloats * costs.bytesPerGradient) / 1e6),
            "a grain \(times.joined(separator: ", ")), of them "
                + "\(percent(costs.profile.forwardShare)) forward; update \(milliseconds(costs.updateSeconds)) ms; "
                + "addition " + String(format: "%.1f GB/s", 4e-9 / costs.additionSecondsPerFloat)
                + "; the rest of a step \(milliseconds(costs.constantSeconds)) ms",
        ]
        let busy = shapes.map { $0.mostRanksOfHost * $0.threads }.max() ?? 1
        if let most = costs.grains.last?.busyWorkers, busy > most {
            lines.append("this machine has \(most) cores: of \(busy) a host, each is taken to be as fast as of \(most)")
        }
        if link != .none {
            lines.append(
                String(
                    format: "network, %@: %.1f MB/s each way, %.1f µs one way, %.1f µs a message%@",
                    link == .measured ? "measured" : "given", model.link.bytesPerSecond / 1e6,
                    model.link.latencySeconds * 1e6, model.link.messageSeconds * 1e6,
                    link == .given ? " (assumed)" : ""))
        }
        return lines
    }

    /// What is to be said of one layout.
    private func remarks(_ shape: JobShape) -> [String] {
        let ranks = "\(shape.ranks.grouped) rank\(shape.ranks == 1 ? "" : "s")"
        guard let now = model.prediction(shape) else {
            return [
                "\(ranks): more than the \(model.costs.grainCount.grouped) grains of a batch of "
                    + "\(model.costs.batch.grouped); a batch of \(leastBatch(shape).grouped) has one for each, or make "
                    + "the grain smaller"
            ]
        }
        var lines: [String] = []
        if let best = bestSplit(shape), best.shape != shape, best.stepSeconds < 0.99 * now.stepSeconds {
            lines.append(
                "\(ranks): the best split of \(shape.mostRanksOfHost * shape.threads) cores a host is "
                    + "\(best.shape.ranksPerHost) × \(best.shape.threads): \(milliseconds(best.stepSeconds)) ms")
        } else if shape.mostRanksOfHost * shape.threads > 1 {
            lines.append(
                "\(ranks): \(shape.mostRanksOfHost) × \(shape.threads) is the best split of a host's cores")
        }
        let advice = advice(shape)
        if now.efficiency < ScalingPlan.enough, advice.isEmpty {
            lines.append("\(ranks): nothing known would make it more efficient")
        }
        return lines
            + advice.map { advice in
                "\(ranks): with \(advice.change) \(percent(advice.efficiency)) efficiency, "
                    + "\(milliseconds(advice.stepSeconds)) ms"
            }
    }

    private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

    private func milliseconds(_ seconds: Double) -> String {
        String(format: seconds < 1e-3 ? "%.3f" : seconds < 1 ? "%.2f" : "%.0f", seconds * 1e3)
    }
}
