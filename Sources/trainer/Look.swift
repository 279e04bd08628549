import ArgumentParser
import Inspection
import JobHealth
import Reporting
import Training

/// Shows what networks are and do, a subcommand for each kind of look.
struct Look: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a network: its filters, feature maps, attention, mistakes and more, as pictures and a page.",
        discussion:
            "Each kind writes PNG files and a page that needs no other file, and prints a line with figures and "
            + "the page's path.",
        subcommands: lookCatalogue.map { command(of: $0) })

    private static func command<Kind: LookKind>(of kind: Kind.Type) -> any ParsableCommand.Type {
        LookCommand<Kind>.self
    }
}

/// `trainer look KIND …`: what is alike for all kinds.
struct LookCommand<Kind: LookKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Kind.name, abstract: Kind.abstract, discussion: Kind.discussion)
    }

    @OptionGroup var kind: Kind

    @Option(
        help: ArgumentHelp(
            "A folder for the pictures and the page (default: `look` in the run directory), or a .png file for the "
                + "pictures alone, or an .html file for the page alone.", valueName: "place"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Write what is shown as numbers to this safetensors file too, where the kind has any.", valueName: "file"))
    var values: String?

    @Option(parsing: .unconditional, help: "Worker threads of a rank (default: its share of the cores).")
    var threads: Int?

    @Option(parsing: .unconditional, help: "Start this many ranks with mpirun.")
    var np: Int?

    func validate() throws {
        try CommandLine.check(threads: threads, np: np)
        if let values, !values.hasSuffix(".safetensors") {
            throw ValidationError("--values \(values): give a name that ends with .safetensors.")
        }
        if out?.isEmpty ?? false { throw ValidationError("--out is empty; give a folder or a file.") }
    }

    func run() throws {
        if let np { try Job.launch(ranks: np, threads: threads, arguments: CommandLine.arguments(without: ["--np"])) }
        try Job.run("look \(Kind.name)") { ranks, _ in
            let files = LookFiles(out ?? kind.source.map { $0.folder + "/look" } ?? "look", name: Kind.name)
            // A folder that can't be written to is refused before anything is computed.
            try ranks.together {
                guard ranks.rank == 0 else { return }
                if out != nil { try files.prepare() }
                if let values { try LookFiles.prepare(file: values, option: "--values") }
            }
            let shown = try kind.page(LookJob(ranks: ranks, threads: threads))
            try ranks.together {
                guard ranks.rank == 0 else { return }
                try files.prepare()
                if let values { try write(shown.tensors, to: values) }
                let paths = try files.write(shown)
                let figures = shown.figures.map { "\($0.name)=\($0.value)" }
                try print((figures + [paths.last ?? ""]).joined(separator: " "))
            }
            return ExitCode.done.rawValue
        }
    }

    private func write(_ tensors: [LookTensor], to path: String) throws {
        if tensors.isEmpty {
            throw ErrorReport(text: "'look \(Kind.name)' has no numbers for --values; leave it out", code: .usage)
        }
        try LookTensor.write(tensors, to: path)
    }
}
