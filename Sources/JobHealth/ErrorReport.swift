/// An error in the form in which people, other ranks and the supervisor get it.
package struct ErrorReport: Error, Equatable, Sendable, Codable, CustomStringConvertible {
    /// What kind of cause it has: what programs decide by, whatever the text says.
    package enum Kind: String, Sendable, Codable {
        /// The command, the configuration or the launch.
        case usage
        /// Data, weights or a checkpoint.
        case data
        /// The storage refused what the run has to save.
        case storage
        /// A loss, gradient or weight is no finite number.
        case nonFinite
        /// Memory or a processor has changed the state.
        case hardware
        /// A signal, or a call of `exit`, in the middle of the job.
        case crash
        /// No progress until the deadline.
        case late
        /// Everything else.
        case `internal`
    }

    /// What happened and what to do.
    package var text: String
    package var code: Int32
    package var kind: Kind
    /// Hosts of the ranks whose replicas differ from those of more than half of all ranks; empty without such a
    /// majority.
    package var suspectHosts: [String]

    /// - Parameter kind: by default what the exit code says.
    package init(text: String, code: ExitCode, kind: Kind? = nil, suspectHosts: [String] = []) {
        self.text = text
        self.code = code.rawValue
        self.kind = kind ?? code.kind
        self.suspectHosts = suspectHosts
    }

    /// Whether the same happens again when the run is started again, because its arithmetic is deterministic.
    package var isPermanent: Bool { kind == .nonFinite }

    package var description: String { text }
}

extension ErrorReport.Kind {
    /// The raw value, for a signal handler.
    var name: StaticString {
        switch self {
        case .usage: "usage"
        case .data: "data"
        case .storage: "storage"
        case .nonFinite: "nonFinite"
        case .hardware: "hardware"
        case .crash: "crash"
        case .late: "late"
        case .internal: "internal"
        }
    }
}

extension ExitCode {
    fileprivate var kind: ErrorReport.Kind {
        switch self {
        case .usage: .usage
        case .data: .data
        case .hardware: .hardware
        case .done, .stopped, .internal: .internal
        }
    }
}
