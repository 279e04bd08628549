import Checkpointing
import Collectives
import ConfigurationReading
import DataParallel
import DataPipeline
import Foundation
import JobHealth
import NeuralNetwork
import Optimization

extension ErrorReport {
    /// Any module's error.
    package init(_ error: any Error) {
        self =
            error as? ErrorReport
            ?? ErrorReport(
                text: "\(error)", code: ErrorReport.exitCode(of: error), kind: (error as? TrainingError)?.kind,
                suspectHosts: (error as? TrainingError)?.suspectHosts ?? [])
    }

    /// Which exit code an error leads to.
    static func exitCode(of error: any Error) -> ExitCode {
        switch error {
        case GenerationError.notFinite, SamplingError.notFinite: .data
        case is ConfigurationError, is OptimizationError, is ModelError, is UnknownModel, is GenerationError,
            is SamplingError, is ConversionError:
            .usage
        case let error as CollectivesError: error.isLaunchProblem ? .usage : .internal
        case CheckpointError.system(_, _, let code) where [ENOSPC, EDQUOT, EFBIG, EIO, EROFS].contains(code): .internal
        case CheckpointError.verificationFailed, CheckpointError.threadStart, DataError.threadStart: .internal
        case is DataError, is CheckpointError: .data
        case let error as TrainingError:
            switch error {
            case .ranksDiffer, .boundToFewerCores, .tooLittleMemory, .tooLittleAddressSpace, .moreLanesThanWindows,
                .moreRanksThanGrains,
                .otherConfiguration,
                .otherCheckpoint, .otherData, .hasTrainedLonger, .traceBeyondEnd, .unknownMonitor, .batchTooHeavy,
                .startMismatch,
                .nothingToPredict,
                .noConfusion,
                .nothingToReconstruct, .noValidationPart, .noFeaturesOfText, .severalInputs, .noGraph, .severalLengths,
                .severalModelInputs, .unknownColumn, .noDropoutAverage, .runDirectory,
                .runDirectoryInUse:
                .usage
            case .nonFiniteEvaluation, .noWeights, .damagedUsage, .sampleCounts, .noSuchChoice: .data
            case .replicasDiffer: .hardware
            case .nonFinite, .nonFiniteSum, .nonFiniteValidation, .nonFiniteState, .runDirectoryLost, .notSaved,
                .noProgress, .ranksAreLate, .elsewhere:
                .internal
            }
        case let error as any CodedError: error.exitCode
        default: .internal
        }
    }
}

extension CollectivesError {
    /// Whether the job was started wrongly, as opposed to failing.
    fileprivate var isLaunchProblem: Bool {
        switch self {
        case .launchMismatch, .malformedLauncherVariable: true
        default: false
        }
    }
}

extension TrainingError {
    /// What kind of cause it has, where the exit code does not tell.
    fileprivate var kind: ErrorReport.Kind? {
        switch self {
        case .nonFinite, .nonFiniteSum, .nonFiniteValidation, .nonFiniteState: .nonFinite
        case .runDirectoryLost, .notSaved: .storage
        case .noProgress, .ranksAreLate: .late
        default: nil
        }
    }

    /// Hosts whose memory is in doubt because most ranks agree against theirs.
    fileprivate var suspectHosts: [String] {
        guard case .replicasDiffer(_, let differences, let hosts) = self, differences.allSatisfy(\.hasMajority) else {
            return []
        }
        return Set(ReplicaDifference.suspects(differences).ranks.map { hosts[$0] }).sorted()
    }
}
