import ArgumentParser
import Foundation
import Training

/// The trained weights that a look is at.
package struct RunArguments: ParsableArguments {
    @Argument(help: "A run directory, or a weights or checkpoint file inside one.")
    package var run: String

    @Option(help: "The folder that holds the data sets, if not where the run had them.")
    package var data: String?

    @Option(help: "The configuration, if the weights are not in a run directory.")
    package var config: String?

    @Option(help: "The model, where the run has several.")
    package var model: String?

    package init() {}

    /// The run's folder, or that of a file of weights.
    package var folder: String {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: run, isDirectory: &isDirectory), !isDirectory.boolValue {
            let folder = (run as NSString).deletingLastPathComponent
            return folder.isEmpty ? "." : folder
        }
        return run
    }
}
