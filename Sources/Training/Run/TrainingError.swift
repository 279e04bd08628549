import Checkpointing
import DataParallel
import NeuralNetwork
import System

/// What ends a run, beside the errors of the modules that it uses; each text ends with what to do.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// These ranks differ from rank 0 in what all must have alike.
    case ranksDiffer(ranks: RankList, firstHost: String, difference: LaunchDifference)
    /// The launcher gave a rank fewer cores than it has threads.
    case boundToFewerCores(cores: Int, threads: Int)
    /// The host has less memory than the model takes at the very least.
    case tooLittleMemory(model: String, neededGigabytes: Double, availableGigabytes: Double)
    /// The limit on this process's address space leaves no room for its worker threads.
    case tooLittleAddressSpace(neededMegabytes: Int, limitMegabytes: Int, threads: Int)
    /// A batch continues more lanes of a sequence than the training samples are windows.
    case moreLanesThanWindows(lanes: Int, windows: Int)
    case moreRanksThanGrains(ranks: Int, grains: Int, batch: Int, grain: Int)
    /// The run directory's run has another configuration; `differences` name the keys where that is known.
    case otherConfiguration(directory: String, differences: [String])
    /// A checkpoint file was written under another configuration.
    case otherCheckpoint(path: String, expected: String, found: String)
    /// The run to go on with has made more steps than it is asked for.
    case hasTrainedLonger(directory: String, steps: Int, asked: Int)
    /// Steps to trace of which the run has not as many.
    case traceBeyondEnd(steps: String, total: Int)
    /// A run would go on with other samples than those that it was trained on.
    case otherData(path: String, trainedOn: String, given: String)
    case nonFinite(step: Int, what: String, rank: Int, samples: [Int])
    /// A sum over all ranks, though computing each rank's grains again gives finite numbers.
    case nonFiniteSum(step: Int, what: String)
    case runDirectory(path: String, operation: String, reason: String)
    case runDirectoryInUse(path: String)
    /// The run directory is no longer where it was; `outcome` says what became of the state.
    case runDirectoryLost(path: String, step: Int, outcome: String)
    /// The storage refused something that the run has to save.
    case notSaved(CheckpointError)
    case noWeights(path: String)
    /// Metadata of a weights file that can't be read.
    case damagedUsage(path: String, reason: String)
    /// Weights whose models predict nothing, as those of a generator.
    case nothingToPredict(path: String)
    /// Weights whose models make no pictures of what they get.
    case nothingToReconstruct(path: String)
    /// The run had no validation samples.
    case noValidationPart(path: String)
    /// Features of windows of a text, which are read on with one state.
    case noFeaturesOfText(path: String)
    /// Weights whose predictions can't be averaged over dropout masks.
    case noDropoutAverage(path: String, reason: String)
    /// No output of the weights' models has a table of classes.
    case noConfusion(path: String)
    /// Weights whose model needs several fields of a sample.
    case severalInputs(path: String, fields: [String])
    /// A file of samples without the graph that the model's layers read.
    case noGraph(path: String, model: String)
    /// Sequences of several lengths, which no tensor holds.
    case severalLengths(path: String, output: String)
    /// A shape was chosen for the input of a model that has several.
    case severalModelInputs(model: String, inputs: [String])
    /// A name that no column of the summary has.
    case unknownColumn(name: String, known: [String])
    /// A file of samples has more of one field than of another.
    case sampleCounts(path: String, fields: [String], counts: [Int])
    /// A number in a file of samples stands for no class and no token.
    case noSuchChoice(path: String, field: String, value: Float, choices: Int)
    /// Weights to start from that do not fit the models, where they must.
    case startMismatch(path: String, report: String, fitsPartly: Bool)
    /// `monitor` is no metric of the run.
    case unknownMonitor(name: String, known: [String])
    /// A step would count more than its sums hold exactly.
    case batchTooHeavy(batch: Int, weightPerSample: Double)
    /// This rank has not moved on for so long.
    case noProgress(seconds: Double)
    /// This rank has done its part and waits in vain for the others'; `suspects` says which, where that is known.
    case ranksAreLate(seconds: Double, suspects: [String])
    /// Validation gave a loss that is no finite number.
    case nonFiniteValidation(step: Int, what: String, rank: Int, samples: [Int])
    /// What weights come to on the test set is no finite number.
    case nonFiniteEvaluation(path: String, metric: String)
    /// A weight or running statistic is no finite number, so that the state is not saved.
    case nonFiniteState(step: Int, tensor: String)
    /// The ranks' replicas, which must be the same, are not; `hosts` by rank.
    case replicasDiffer(step: Int, differences: [ReplicaDifference], hosts: HostTable)
    /// Another rank failed and said why.
    case elsewhere(rank: Int)

    /// Part of the text of errors about numbers that are infinite or NaN.
    static let nonFinitePhrase = "is not a finite number"

    /// `sample 7`, or `samples 7, 9, …` with the first eight.
    private static func list(_ samples: [Int]) -> String {
        "sample\(samples.count == 1 ? "" : "s") " + samples.prefix(8).map(String.init).joined(separator: ", ")
            + (samples.count > 8 ? ", …" : "")
    }

    private static func rounded(_ gigabytes: Double) -> String {
        gigabytes < 10 ? "\((gigabytes * 10).rounded() / 10)" : "\(Int(min(gigabytes, 1e15)))"
    }

    package var description: String {
        switch self {
        case .ranksDiffer(let ranks, let host, let difference):
            difference.text(ranks: ranks, firstHost: host) + "; " + difference.remedy
        case .boundToFewerCores(let cores, let threads):
            "the launcher bound this rank to \(cores) core\(cores == 1 ? "" : "s"), too few for \(threads) threads; "
                + "start it with mpirun --bind-to none, or with --threads \(cores)"
        case .tooLittleMemory(let model, let needed, let available):
            "model \(model) takes at least \(TrainingError.rounded(needed)) GB, this host has "
                + "\(TrainingError.rounded(available)) GB; "
                + "make its layers, the grain or the number of threads smaller"
        case .tooLittleAddressSpace(let needed, let limit, let threads):
            "the address space is limited to \(limit) MiB (ulimit -v, h_vmem of a batch system), but a process with "
                + "\(threads) worker thread\(threads == 1 ? "" : "s") takes at least \(needed) MiB; raise the limit"
                + (threads == 1 ? "" : ", or give fewer --threads")
        case .moreLanesThanWindows(let lanes, let windows):
            "batch: \(lanes) lanes of a text of \(windows) training windows: a lane would have nothing to read; "
                + "make the batch at most \(windows), or data.window or data.validation smaller"
        case .moreRanksThanGrains(let ranks, let grains, let batch, let grain):
            "\(ranks) ranks for \(grains) grains (batch \(batch) in grains of \(grain)): a rank would have nothing "
                + "to do; "
                + "start at most \(grains) ranks, or make the batch larger or the grain smaller (which changes the "
                + "result)"
        case .otherConfiguration(let directory, let differences):
            "\(directory): holds a run of another configuration"
                + (differences.isEmpty
                    ? ", or of another version of this program"
                    : " (\(differences.prefix(5).joined(separator: "; "))\(differences.count > 5 ? "; …" : ""))")
                + "; give another directory with --run, or --resume never to set the old run aside and begin anew"
        case .otherCheckpoint(let path, let expected, let found):
            "\(path): was written under another configuration (fingerprint \(found), this one is \(expected)); "
                + "use the config.yaml of that run"
        case .hasTrainedLonger(let directory, let steps, let asked):
            "\(directory): has trained for \(steps) steps, and epochs and maxSteps ask for \(asked); ask for at least "
                + "as many, give another directory with --run, or --resume never to set the old run aside and begin "
                + "anew"
        case .otherData(let path, let old, let new):
            "\(path): was trained on \(old), not on \(new); give those data, or another directory with --run, or "
                + "--resume never to set the old run aside and begin anew"
        case .nonFinite(let step, let what, let rank, let samples):
            "step \(step): \(what) \(TrainingError.nonFinitePhrase) (rank \(rank), \(TrainingError.list(samples))); "
                + "lower the learning rate, set clipNorm, or set onNonFinite: skip; the last checkpoint is intact"
        case .nonFiniteSum(let step, let what):
            "step \(step): \(what) \(TrainingError.nonFinitePhrase), but that of each grain is when it is computed "
                + "again: the sum is too large "
                + "for its numbers, or a rank's memory or processor is faulty; lower the learning rate, or test the "
                + "memory; the last checkpoint is intact"
        case .runDirectory(let path, let operation, let reason):
            "\(path): \(operation): \(reason); give a writable directory with --run"
        case .runDirectoryInUse(let path):
            "\(path): another job is training in this directory; wait for its end, or give another directory with --run"
        case .runDirectoryLost(let path, let step, let outcome):
            "\(path): the run directory was removed or moved while the job trained after step \(step); \(outcome)"
        case .traceBeyondEnd(let steps, let total):
            "--trace \(steps): the run ends after step \(total); give steps up to \(total), or train longer"
        case .notSaved(let error): "\(error)"
        case .damagedUsage(let path, let reason):
            "\(path): what it says of its data can't be read: \(reason); take another copy of the file"
        case .nothingToPredict(let path):
            "\(path): its models predict no field of a sample; 'trainer evaluate' measures them"
        case .nothingToReconstruct(let path):
            "\(path): its models make no pictures of what they get; 'trainer predict' says what they do"
        case .noValidationPart(let path):
            "\(path): its run set no samples aside for validation; take --split train or test"
        case .noFeaturesOfText(let path):
            "\(path): its model reads a text on from window to window, so that samples have no features of their own"
        case .noDropoutAverage(let path, let reason):
            "\(path): dropout samples can't be averaged, for \(reason); leave --dropout-samples out"
        case .noConfusion(let path):
            "\(path): no output of its models is for classes, or for more than \(ConfusionTable.mostClasses); take "
                + "--confusion away"
        case .severalInputs(let path, let fields):
            "\(path): the model takes several fields (\(fields.joined(separator: ", "))); give a .safetensors file "
                + "that has a tensor [samples, …] of each, or 'trainer evaluate', which reads the data set"
        case .noGraph(let path, let model):
            "\(path): the model \(model) reads neighbours in a graph, which this file does not have; give a folder "
                + "with the files of a graph"
        case .severalLengths(let path, let output):
            "\(path): '\(output)' gives sequences of several lengths, which no tensor holds; take --outputs away"
        case .severalModelInputs(let model, let inputs):
            "model \(model): it has several inputs (\(inputs.joined(separator: ", "))), so that no one shape can be "
                + "chosen; write their shapes under `inputs` of the file"
        case .unknownColumn(let name, let known):
            "the summary has no column '\(name)'"
                + (nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? "")
                + "; there are: \(known.joined(separator: ", "))"
        case .sampleCounts(let path, let fields, let counts):
            "\(path): its tensors have different numbers of samples ("
                + zip(fields, counts).map { "\($0) \($1)" }.joined(separator: ", ") + "); give as many of each"
        case .noSuchChoice(let path, let field, let value, let choices):
            "\(path): tensor '\(field)' has the number \(value), but only 0 to \(choices - 1) stand for anything; "
                + "correct it"
        case .startMismatch(let path, let report, let fitsPartly):
            "start.weights: \(path) does not fit: \(report); "
                + (fitsPartly ? "correct the names, or take `strict` away" : "give the weights of such a model")
        case .noWeights(let path):
            "\(path): no weights there; give a run directory with final.safetensors, best.safetensors or "
                + "checkpoints, or a weights file"
        case .unknownMonitor(let name, let known):
            "monitor: '\(name)' is not measured in this run; give one of \(known.joined(separator: ", ")), or add the "
                + "metric to metrics"
        case .batchTooHeavy(let batch, let weight):
            "batch: \(batch) samples of up to \(Int(weight)) counted positions are more than \(MetricSums.exactLimit), "
                + "up to which the sums of a step are exact; make the batch smaller"
        case .noProgress(let seconds):
            "no progress for \(Int(seconds)) s; look at this rank's host and storage, or raise deadlineSeconds; the "
                + "same command resumes"
        case .ranksAreLate(let seconds, let suspects):
            "has done its part and has waited \(Int(seconds)) s for "
                + "\(suspects.isEmpty ? "another rank" : suspects.joined(separator: ", ")); "
                + "look at the hosts and the network of the others, or raise deadlineSeconds; the same command resumes"
        case .nonFiniteValidation(let step, let what, let rank, let samples):
            "step \(step): in validation \(what) \(TrainingError.nonFinitePhrase) (rank \(rank), "
                + "\(TrainingError.list(samples))); "
                + "lower the learning rate, set clipNorm, or set onNonFinite: skip; the last checkpoint is intact"
        case .nonFiniteEvaluation(let path, let metric):
            "\(path): its \(metric) on the test set \(TrainingError.nonFinitePhrase); the weights or the data are no "
                + "good: take weights of an earlier step"
        case .nonFiniteState(let step, let tensor):
            "step \(step): \(tensor) \(TrainingError.nonFinitePhrase), so this state is not saved; "
                + "lower the learning rate or set clipNorm; the last checkpoint is intact"
        case .replicasDiffer(let step, let differences, let hosts):
            ReplicaDifference.text(differences, step: step, hosts: hosts)
        case .elsewhere(let rank): "rank \(rank) failed"
        }
    }
}
