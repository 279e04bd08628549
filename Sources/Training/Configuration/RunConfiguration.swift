import DataParallel
import Kernels

/// Everything that defines a run: what is trained, on what, how and for how long.
///
/// It comes from YAML alone and never changes: what a command line alters goes in as an override, so that the resolved
/// text in the run directory tells the whole truth. A value that exists has passed all checks.
public struct RunConfiguration: Equatable, Sendable {
    /// Names the run directory; the file's name if not given.
    public let name: String
    public let model: ModelConfiguration
    public let data: DataConfiguration
    /// Samples in a step over all ranks and threads.
    public let batch: Int
    /// Samples that one worker computes at a time, see README.
    public let grain: Int
    /// The run ends after so many epochs; nil for no such end.
    public let epochs: Int?
    /// The run ends after so many steps; nil for no such end. Of both ends the first counts.
    public let maxSteps: Int?
    public let loss: LossConfiguration
    public let optimizer: OptimizerConfiguration
    public let schedule: ScheduleConfiguration
    /// The gradient's largest L2 norm over all parameters; a longer one is shortened to it. Nil for no limit.
    public let clipNorm: Double?
    /// How convolutions are computed; part of the result's last bits.
    public let convolutions: ConvolutionPreference
    /// Time between validations.
    public let validation: TrainingInterval
    public let checkpoint: CheckpointConfiguration
    /// Steps between two comparisons of the ranks' replicas; 0 for none.
    public let replicaCheckEverySteps: Int
    /// Steps between two lines of the log.
    public let logEverySteps: Int
    /// Key of everything random.
    public let seed: UInt64
    public let onNonFinite: NonFinitePolicy
    /// The numbers in which gradients travel between hosts.
    public let wire: GradientWire
    /// Without progress for so long, the job ends with an error.
    public let deadlineSeconds: Double
    /// The complete configuration as YAML, every default written out, in the order of the reference.
    let resolvedText: String
    /// The part of it that influences the trained weights.
    let resolvedWeightsText: String

    /// What happens when the loss or a gradient is not a finite number.
    public enum NonFinitePolicy: String, CaseIterable, Sendable {
        /// The job ends with an error.
        case stop
        /// The step changes nothing.
        case skip
    }

    /// The complete configuration as YAML, every default written out in the order of the reference; it reads back equal.
    public func resolvedYAML() -> String { resolvedText }

    /// A hash of everything that influences the trained weights: 64-bit FNV-1a of the resolved text without the name, the
    /// data's folder, checkpoints, replica checks, logging and deadlines.
    public var fingerprint: UInt64 { fnv1a(resolvedWeightsText) }
}
