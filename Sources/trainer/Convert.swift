import ArgumentParser
import Foundation
import Interchange
import Training

/// Makes a file of tensors alone, under PyTorch's names and in its layouts.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Make a plain weights file for PyTorch from a run, or from another program's file one that fits a model.",
        discussion: """
            From a run or a checkpoint the parameters and statistics alone are written, which PyTorch takes by \
            model.load_state_dict(safetensors.torch.load_file(FILE)). From a safetensors file of another program too: \
            'module.', 'model.' and '_orig_mod.' before all names are taken off, and F16, BF16 and F64 become F32. \
            With --model a report says which of the model's parameters matched, and the file is one for 'start', and \
            for 'evaluate' and 'predict' with --config. To take one of several models with all that must be known to \
            use it, see 'trainer export'.
            """)

    @Argument(help: "A run directory, a weights or checkpoint file, or a safetensors file of another program.")
    var source: String

    @Option(help: "The safetensors file to write.")
    var to: String

    @Option(
        help: ArgumentHelp(
            "A configuration, a file that has 'model:' alone, or the name of a ready-made model, whose parameters are "
                + "wanted.", valueName: "config"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Change names; a * stands for any text. Several are applied in their order.", valueName: "old=new"))
    var rename: [String] = []

    @Flag(help: "Write what fits, even if the model has parameters that the file lacks.")
    var partial = false

    @Option(parsing: .unconditional, help: "Classes of a ready-made model, instead of those it was made for.")
    var classes: Int?

    func validate() throws {
        for text in rename where TensorRenaming(text) == nil {
            throw ValidationError(
                "--rename '\(text)': give OLD=NEW, with no more * in NEW than in OLD, such as 'backbone.*=*'")
        }
        for (name, isGiven) in [("--partial", partial), ("--classes", classes != nil)] where isGiven && model == nil {
            throw ValidationError("\(name) is about the model; give one with --model")
        }
        if let classes, classes < 1 { throw ValidationError("--classes \(classes): give at least 1") }
    }

    func run() throws {
        let conversion = WeightsConversion(renamings: rename.compactMap { TensorRenaming($0) }, isPartial: partial)
        let result = try conversion(source, model: model, ModelSummary.Choice(classes: classes))
        guard Job.announcedRank == 0 else { return }
        for line in result.report { try print(line) }
        try result.file.write(to: to)
        try print("wrote \(result.file.tensors.count) tensors to \(to)")
    }
}
