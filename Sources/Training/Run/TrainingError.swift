/// What ends a run, beside the errors of the modules that it uses; each text ends with what to do.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    case moreRanksThanGrains(ranks: Int, grains: Int, batch: Int, grain: Int)
    case otherConfiguration(directory: String, expected: String, found: String)
    case nonFinite(step: Int, what: String, rank: Int, samples: [Int])
    case runDirectory(path: String, operation: String, reason: String)
    case noWeights(path: String)
    case outputMismatch(model: String, outputs: [Int], classes: Int)
    case noProgress(rank: Int, phase: String, step: Int, seconds: Double)
    /// Another rank failed and said why.
    case elsewhere(rank: Int)

    public var description: String {
        switch self {
        case .moreRanksThanGrains(let ranks, let grains, let batch, let grain):
            "\(ranks) ranks for \(grains) grains (batch \(batch) in grains of \(grain)): a rank would have nothing to do; "
                + "start at most \(grains) ranks, or make the batch larger or the grain smaller (which changes the result)"
        case .otherConfiguration(let directory, let expected, let found):
            "\(directory): holds a run of another configuration (fingerprint \(found), this one is \(expected)); "
                + "give another directory with --run, or --resume never to set the old run aside and begin anew"
        case .nonFinite(let step, let what, let rank, let samples):
            "step \(step): \(what) is not a finite number (rank \(rank), samples \(samples.prefix(8).map(String.init).joined(separator: ", "))"
                + (samples.count > 8 ? ", …" : "")
                + "); lower the learning rate, set clipNorm, or set onNonFinite: skip; the last checkpoint is intact"
        case .runDirectory(let path, let operation, let reason):
            "\(path): \(operation): \(reason); give a writable directory with --run"
        case .noWeights(let path):
            "\(path): no weights there; give a run directory with final.safetensors, best.safetensors or checkpoints, or a weights file"
        case .outputMismatch(let model, let outputs, let classes):
            "model \(model) gives outputs of shape \(outputs), but the data set has \(classes) classes; set the units of the last layer to \(classes)"
        case .noProgress(let rank, let phase, let step, let seconds):
            "rank \(rank) made no progress for \(Int(seconds)) s in \(phase) after step \(step); "
                + "look at that rank's host and storage, or raise deadlineSeconds; the same command resumes"
        case .elsewhere(let rank): "rank \(rank) failed"
        }
    }
}

/// How the program ends; the numbers are those of BSD sysexits.
public enum ExitCode: Int32, Sendable {
    case done = 0
    /// Bad usage or configuration.
    case usage = 64
    /// Bad data or checkpoint.
    case data = 65
    case `internal` = 70
    /// Stopped early by a signal; the same command resumes.
    case stopped = 75
}
