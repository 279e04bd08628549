/// What a rank does, as messages about failures and hangs name it.
package enum Phase: UInt8, Sendable, Codable {
    case launch, startUp, training, allReduce, update, comparison, validation, afterValidation, saving, stopping,
        finishing, leaving
    case evaluation, benchmark

    /// For messages; a signal handler may read it.
    var name: StaticString {
        switch self {
        case .launch: "the launch"
        case .startUp: "start-up"
        case .training: "training"
        case .allReduce: "the all-reduce"
        case .update: "the update"
        case .comparison: "the comparison of replicas"
        case .validation: "validation"
        case .afterValidation: "what follows validation"
        case .saving: "saving a checkpoint"
        case .stopping: "stopping"
        case .finishing: "writing the final weights"
        case .leaving: "leaving the job"
        case .evaluation: "evaluation"
        case .benchmark: "the benchmark"
        }
    }
}

extension Phase {
    /// Whether finished steps mean nothing in it.
    var isWithoutSteps: Bool {
        switch self {
        case .launch, .startUp, .evaluation, .benchmark: true
        default: false
        }
    }

    /// With the finished steps, where they mean something.
    func place(step: Int) -> String { isWithoutSteps ? "\(name)" : "\(name) after step \(step)" }
}
