import ArgumentParser
import Autograd
import Checkpointing
import Foundation
import NeuralNetwork
import Training

/// How filters became what they are.
package struct EvolutionLook: LookKind {
    package static let name = "evolution"
    package static let abstract = "The filters of a layer over the checkpoints of a run, as an animation."
    package static let discussion =
        "The checkpoints are those that the run kept (checkpoint: {everySteps: N, keep: M}). Brightness is the same "
        + "in all frames. The animation is an APNG, which browsers play; below it the page has every frame."

    @OptionGroup package var run: RunArguments

    @Option(help: "The layer; the first with weights if absent.")
    package var node: String?

    @Option(help: "The most filters, and the most channels of each, that are shown.")
    package var most: Int = 64

    @Option(help: "How long a frame is seen.")
    package var seconds: Double = 0.3

    package init() {}
    package var source: RunArguments? { run }

    package func validate() throws {
        if !(1...4096).contains(most) { throw ValidationError("--most \(most): give 1 to 4096") }
        if !(0.01...60).contains(seconds) { throw ValidationError("--seconds \(seconds): give 0.01 to 60") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        // Says what is wrong with a place that holds no run at all.
        _ = try Subject(run, job)
        let entries = try job.ranks.together { try RunCheckpoints.entries(run) }
        var filters: [Filters] = []
        var name = ""
        for entry in entries {
            var own = run
            own.run = entry.path
            let subject = try Subject(own, job)
            try job.ranks.together {
                let (found, weight) = try FilterLook.weight(of: node, in: subject)
                name = found.name
                filters.append(
                    Filters(subject.values(of: weight), shape: weight.shape, of: found, in: subject.model))
            }
        }
        let peaks = (0..<filters[0].count).map { filter in filters.map { $0.largest(of: filter) }.max() ?? 0 }
        let sheets = filters.map { $0.sheet(peaks: peaks, most: most) }
        let frames = sheets.map { Tiling.tiled($0) }
        let steps = entries.map(\.step)
        var animation = PictureSheet(
            caption: "Steps \(steps.first ?? 0) to \(steps.last ?? 0).", values: frames.flatMap(\.values),
            height: frames[0].height, width: frames[0].width, channels: frames[0].channels, columns: 1, enlargement: 1,
            secondsPerFrame: seconds)
        animation.columns = 1
        let changes = zip(filters, filters.dropFirst()).map { before, after in
            zip(before.values, after.values).reduce(0.0) {
                $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
            }.squareRoot()
        }
        return LookPage(
            "Evolution of \(name)",
            lead:
                "The filters at \(steps.count) checkpoints. Middle grey is 0, white and black the largest weight of "
                + "each filter at any of them.",
            figures: [("node", name), ("frames", "\(steps.count)"), ("filters", "\(filters[0].count)")],
            parts: [.pictures(animation)]
                + zip(sheets, steps).map { sheet, step in
                    var own = sheet
                    own.name = "step-\(step)"
                    own.caption = "Step \(step)."
                    return .pictures(own)
                } + [
                    .table(
                        LookTable(
                            "How far all weights moved (Euclidean).", head: ["to step", "distance"],
                            rows: zip(steps.dropFirst(), changes).map { ["\($0)", String(format: "%.4g", $1)] }))
                ])
    }
}

/// The checkpoints that a run has kept.
enum RunCheckpoints {
    /// Oldest first. Throws `InspectionError.noCheckpoints` where there are fewer than two.
    static func entries(_ run: RunArguments) throws -> [CheckpointStore.Entry] {
        let folder = RunDirectory(run.run).checkpoints
        let found =
            FileManager.default.fileExists(atPath: folder)
            ? try CheckpointStore(directory: folder, keep: 1).entries() : []
        guard found.count > 1 else { throw InspectionError.noCheckpoints(path: run.run) }
        return found
    }
}

/// The pictures of a sheet as one.
enum Tiling {
    static func tiled(_ sheet: PictureSheet) -> PictureSheet {
        let large = sheet.enlarged
        let columns = max(1, large.columns)
        let rows = (large.count + columns - 1) / columns
        let (height, width) = (rows * (large.height + 1) + 1, columns * (large.width + 1) + 1)
        var values = [Float](repeating: 40, count: height * width * large.channels)
        for picture in 0..<large.count {
            let top = picture / columns * (large.height + 1) + 1
            let left = picture % columns * (large.width + 1) + 1
            for row in 0..<large.height {
                let source = (picture * large.height + row) * large.width * large.channels
                let target = ((top + row) * width + left) * large.channels
                for offset in 0..<large.width * large.channels {
                    values[target + offset] = large.values[source + offset]
                }
            }
        }
        return PictureSheet(
            sheet.name, caption: sheet.caption, values: values, height: height, width: width, channels: large.channels,
            columns: 1, enlargement: 1)
    }
}
