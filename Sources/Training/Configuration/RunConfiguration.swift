import ConfigurationReading
import DataParallel
import Kernels
import NeuralNetwork
import Optimization
import System

/// Everything that defines a run: what is trained, on what, how and for how long.
///
/// It comes from YAML alone and never changes: what a command line alters goes in as an override, so that the resolved
/// text in the run directory tells the whole truth. A value that exists has passed all checks.
package struct RunConfiguration: Equatable, Sendable {
    /// Names the run directory; the file's name if not given.
    package let name: String
    /// The models by name; a sole one has the run's, or that of its entry in the zoo.
    package let models: [NamedModel]
    package let data: DataConfiguration
    /// How many samples are in a step over all ranks and threads.
    package let batchSize: BatchSize
    /// Samples in a step; 1 for all of them until ``resolved(for:)`` has counted them.
    package internal(set) var batch: Int
    /// Samples that one worker computes at a time, see README.
    package internal(set) var grain: Int
    /// The run ends after so many epochs; nil for no such end.
    package let epochs: Int?
    /// The run ends after so many steps; nil for no such end. Of both ends the first counts.
    package let maxSteps: Int?
    /// What is trained, in which order; at least one.
    package let phases: [PhaseConfiguration]
    package let phaseOrder: PhaseOrder.Kind
    /// Weights to start from; nil for random ones.
    package let start: StartConfiguration?
    /// When training ends because validation no longer improves; nil for never.
    package let earlyStopping: EarlyStoppingConfiguration?
    /// When training ends because its loss is small enough; nil for never.
    package let stop: StopConfiguration?
    /// What the run's figures stand beside; nil for nothing.
    package let baseline: BaselineConfiguration?
    /// Averages of the weights, which validation and the best weights go by; nil for none.
    package let averaging: WeightAverage?
    /// How convolutions are computed; part of the result's last bits.
    package let convolutions: ConvolutionPreference
    /// Time between validations.
    package let validation: TrainingInterval
    package let checkpoint: CheckpointConfiguration
    /// Steps between two comparisons of the ranks' replicas; 0 for none.
    package let replicaCheckEverySteps: Int
    /// Steps between two lines of the log.
    package let logEverySteps: Int
    /// Key of everything random.
    package let seed: UInt64
    package let onNonFinite: NonFinitePolicy
    /// Who computes products of matrices.
    package let arithmetic: Arithmetic
    /// The numbers in which layers multiply.
    package let precision: ProductPrecision
    let communication: CommunicationConfiguration
    /// Without progress for so long, the job ends with an error.
    package let deadlineSeconds: Double
    /// The complete configuration as YAML, every default written out, in the order of the reference.
    let resolvedText: String
    /// The part of it that influences the trained weights, but for the learning rates.
    let resolvedWeightsText: String

    /// The numbers in which gradients travel between hosts.
    package var wire: GradientWire { communication.wire }

    /// A model and what the configuration calls it.
    package struct NamedModel: Equatable, Sendable {
        /// Nil for the only model.
        package let name: String?
        package let model: ModelConfiguration
    }

    /// What happens when the loss or a gradient is not a finite number.
    package enum NonFinitePolicy: String, CaseIterable, Sendable {
        /// The job ends with an error.
        case stop
        /// The step changes nothing.
        case skip
    }

    /// The complete configuration as YAML, every default written out in the order of the reference; it reads back
    /// equal.
    package func resolvedYAML() -> String { resolvedText }

    /// The same with paths that hold from any folder, for the run directory.
    ///
    /// - Parameter folder: the one in which the program was started.
    package func storedYAML(startedIn folder: String) throws(ConfigurationError) -> String {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }
        var paths = data.path.map { [("data.path", absolute($0))] } ?? []
        for (index, phase) in phases.enumerated() {
            if let path = phase.data?.path { paths.append(("phases.\(index).data.path", absolute(path))) }
        }
        if let start { paths.append(("start.weights", absolute(start.weights))) }
        return try RunConfiguration(yaml: resolvedText, file: name + ".yaml", paths: paths, environment: [:])
            .resolvedText
    }

    /// A hash of everything that influences the trained weights and stays as it is when a run is resumed: 64-bit
    /// FNV-1a of the resolved text without the name, the data's folder, checkpoints, replica checks, logging and
    /// deadlines, without the learning rates, which may be changed by hand, and without the end of training where no
    /// schedule depends on it: such a run can be made longer.
    package var fingerprint: UInt64 { fnv1a(resolvedWeightsText) }
}
