import ArgumentParser
import Autograd
import DataPipeline
import NeuralNetwork
import TensorCore

/// A kernel laid over a picture.
package struct KernelLook: LookKind {
    package static let name = "kernel"
    package static let abstract = "Lay a kernel over a picture of any size; no run is needed."
    package static let discussion =
        "The kernel is moved over each channel as a convolutional layer moves its filters (cross-correlation), with "
        + "zeros around the picture. Where its numbers sum to 0, middle grey is 0; else what is below 0 or above "
        + "255 is cut off."

    @Argument(help: "A JPEG or PNG picture.")
    package var file: String

    @Option(help: "One of identity, gaussian, edge, sharpen.")
    package var kernel: KernelName?

    // Numbers may begin with a minus.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Any other: numbers by rows, such as '-1 0 1; -2 0 2; -1 0 1'.", valueName: "rows"))
    package var rows: KernelRows?

    @Option(help: "How often it is laid over, each time over the last result.")
    package var times: Int = 1

    @Flag(help: "Make the picture grey first.")
    package var grey = false

    package init() {}

    package func validate() throws {
        if (kernel == nil) == (rows == nil) { throw ValidationError("give --kernel or --rows, and not both.") }
        if !(1...1000).contains(times) { throw ValidationError("--times \(times): give 1 to 1000") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let numbers = kernel?.values ?? rows?.values ?? [[1]]
        return try job.ranks.together {
            let picture = try PicturePixels(file, channels: grey ? 1 : nil)
            let result = try Self.laid(numbers, over: picture, times: times)
            let sum = numbers.joined().reduce(0, +)
            let isDifference = abs(sum) < 1e-9
            func sheet(_ name: String, _ caption: String, _ values: [Float]) -> LookPage.Part {
                .pictures(
                    PictureSheet(
                        name, caption: caption, values: values, height: picture.height, width: picture.width,
                        channels: picture.channels))
            }
            let tile = PictureSheet(
                "weights", caption: "The kernel; middle grey is 0.",
                values: Shade.signed(numbers.joined().map { Float($0) }), height: numbers.count,
                width: numbers[0].count, channels: 1)
            var page = LookPage(
                "\(kernel?.rawValue ?? "A kernel") over \(file)",
                lead: "\(numbers.count)×\(numbers[0].count) numbers that sum to \(sum), laid over "
                    + "\(times == 1 ? "once" : "\(times) times").",
                figures: [
                    ("size", "\(picture.height)x\(picture.width)x\(picture.channels)"),
                    ("smallest", "\(result.min() ?? 0)"), ("largest", "\(result.max() ?? 0)"),
                ],
                parts: [
                    sheet("", "The result.", isDifference ? Shade.signed(result) : result),
                    sheet("picture", "The picture.", picture.values), .pictures(tile),
                ])
            page.tensors = [
                LookTensor("result", shape: [picture.height, picture.width, picture.channels], values: result)
            ]
            return page
        }
    }

    /// [H, W, C] as the picture, with zeros around it.
    package static func laid(_ kernel: [[Double]], over picture: PicturePixels, times: Int) throws -> [Float] {
        let padding = Size(height: kernel.count / 2, width: kernel[0].count / 2)
        let model = try Model(
            name: "kernel", input: [picture.height, picture.width, picture.channels],
            layers: Array(repeating: .imageKernel(kernel, padding: .explicit(padding)), count: times))
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: model.layout.count))
        let graph = try TappedGraph(model, to: [model.outputName])
        let shape: Shape = [1, picture.height, picture.width, picture.channels]
        return graph.values([Tensor(picture.values, shape, pool: tape.pool)], on: tape)[0].values
    }
}

extension KernelName: ExpressibleByArgument {}

/// `0 -1 0; -1 5 -1; 0 -1 0`: odd numbers of rows and columns.
package struct KernelRows: ExpressibleByArgument, Sendable {
    package let values: [[Double]]

    package init?(argument: String) {
        let rows = argument.split(separator: ";", omittingEmptySubsequences: false).map { row in
            row.split(whereSeparator: { $0 == " " || $0 == "," }).map { Double($0) }
        }
        let numbers = rows.map { $0.compactMap(\.self) }
        guard Set(rows.map(\.count)).count == 1, numbers.map(\.count) == rows.map(\.count), rows.count % 2 == 1,
            rows[0].count % 2 == 1, numbers.joined().allSatisfy(\.isFinite)
        else { return nil }
        values = numbers
    }
}
