/// What a command line says about a run, beside the configuration.
package struct RunOptions: Sendable {
    /// Where a run begins.
    package enum Resume: Equatable, Sendable {
        /// From the newest good checkpoint of the run directory, else from the start.
        case automatic
        /// From the start; an earlier run in the directory is set aside.
        case never
        /// From this checkpoint.
        case file(String)
    }

    /// The run directory; nil for `runs/NAME`.
    package var directory: String?
    package var resume: Resume
    /// Worker threads of this rank; nil for its share of the host's cores.
    package var threads: Int?
    /// When this process must have ended, in seconds of `Clock`; nil for never.
    package var endSeconds: Double?
    /// Why the job was started again, where it was.
    package var restartReason: String?
    /// Steps of which a timeline is written; nil for none.
    package var trace: TraceRange?

    package init(
        directory: String? = nil, resume: Resume = .automatic, threads: Int? = nil, endSeconds: Double? = nil,
        restartReason: String? = nil, trace: TraceRange? = nil
    ) {
        self.directory = directory
        self.resume = resume
        self.threads = threads
        self.endSeconds = endSeconds
        self.restartReason = restartReason
        self.trace = trace
    }
}
