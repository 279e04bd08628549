import ArgumentParser
import Benchmarks
import DataPipeline
import Foundation

extension Bench {
    /// Decoding and fitting of pictures.
    struct Pictures: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How fast one core decodes the pictures of a folder, beside libjpeg alone.")

        @Argument(help: "A folder with JPEG or PNG files, in folders of it too.")
        var folder: String

        @Option(help: ArgumentHelp("What the pictures are fitted to.", valueName: "height,width"))
        var size = "224,224"

        private func extents() throws -> (height: Int, width: Int) {
            let sides = size.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard sides.count == 2, sides.allSatisfy({ 1...(1 << 14) ~= $0 }) else {
                throw ValidationError("--size \(size): give a height and a width up to 16384, such as 224,224")
            }
            return (sides[0], sides[1])
        }

        func validate() throws { _ = try extents() }

        func run() throws {
            let (height, width) = try extents()
            let benchmark = try PictureBenchmark(folder: folder)
            if benchmark.count == 0 {
                let endings = PictureDecoder.extensions.joined(separator: ", ")
                throw ValidationError(
                    "\(folder): no pictures, files that end in \(endings); give a folder that has some")
            }
            let result = try benchmark.run(fit: PictureFit(height: height, width: width))
            try print(
                "\(benchmark.count) pictures, "
                    + String(
                        format: "%.1f megapixels, %.1f MB; one core, the best of %d rounds for each",
                        Double(result.decoding.pixels) / 1e6, Double(benchmark.bytes) / 1e6, result.rounds))
            try print("decoded: \(text(result.decoding))")
            try print("decoded and fitted to \(height)×\(width): \(text(result.reading))")
            if let (ours, library) = result.jpeg {
                try print(
                    "JPEG files: \(text(ours)); libjpeg alone \(text(library)); "
                        + String(format: "%.1f %% of its rate", 100 * library.seconds / ours.seconds))
            }
        }

        private func text(_ rate: PictureBenchmark.Rate) -> String {
            String(format: "%.0f pictures/s, %.1f megapixels/s", rate.picturesPerSecond, rate.megapixelsPerSecond)
        }
    }
}
