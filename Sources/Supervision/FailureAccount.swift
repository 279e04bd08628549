import JobHealth

/// What a job's standard error tells about its end: who failed first and why, and which hosts are gone.
///
/// What ranks tell comes in coded lines, ``FailureReport``, and what has ended one without a word stands in its record;
/// of other lines it knows those of Open MPI 4's and 5's launchers, for ranks of other hosts, and of Swift's runtime.
/// Where nothing fits, the exit code alone speaks.
package struct FailureAccount: Equatable, Sendable {
    /// The first cause that a rank gave itself.
    private var report: FailureReport?
    /// What `mpirun` saw of the first process that failed.
    private var launcherMessage: String?
    /// The rank that a signal has ended and that could not say so itself, and what it was doing.
    package var killedRank: Int? { launcherRank == report?.name?.rank ? nil : launcherRank }
    private var launcherRank: Int?
    private var placeOfKilledRank: String?
    /// The rank and host of a message of which the signal is still to come.
    private var noticed: RankName?
    /// The signal or exit code with which `mpirun` says that the first process ended, and which rank that was.
    private var launcherSignal: Int32?
    private var exitedRank: String?
    private var exitedCode: Int32?
    /// Whether the rank's failure is one that all ranks know of, so that they leave MPI in order.
    package var isAgreed: Bool { report?.isAgreed ?? false }
    /// Whether a rank has said what the cause is, which people have read.
    package var isTold: Bool { (report != nil || crash != nil) && killedRank == nil && !isHostFailure }
    /// The exit code of the first cause as far as the messages tell it, for a launcher that could not give it.
    package var exitCode: Int32? { abortCode ?? exitedCode ?? launcherSignal.map { 128 + $0 } ?? report?.error.code }
    private var crash: String?
    /// Hosts that could not be reached or whose daemon was lost, in the order of the messages.
    package private(set) var lostHosts: [String] = []
    /// Whether `mpirun` knows that the job is over; what it does then should not take long.
    package private(set) var isEnding = false
    /// Whether a rank has said why it ends; the job should be over soon, even if `mpirun` does not say so.
    package var hasRankEnded: Bool { report?.name != nil }
    /// Whether the rank that failed first had begun to train.
    package var hadStarted: Bool { report?.hadStarted ?? false }
    /// Hosts of the ranks whose replicas differ from those of more than half of all ranks; empty without such a
    /// majority.
    package var suspectHosts: [String] { report?.error.suspectHosts ?? [] }
    /// Whether the same would happen again.
    package var isPermanent: Bool { report?.error.isPermanent ?? false && killedRank == nil && !isHostFailure }
    /// The exit code that a rank has ended the job with, while `mpirun` was still at it.
    private var abortCode: Int32?
    /// Whether what failed was `mpirun`'s hold on a host rather than a rank.
    package var isHostFailure: Bool { !lostHosts.isEmpty || cannotStartDaemons || launchProblem != nil }
    private var cannotStartDaemons = false
    /// Why no rank was started.
    private var launchProblem: String?
    private var unfinishedLine: [UInt8] = []

    package init() {}

    /// Reads what has come, in pieces of any length.
    package mutating func read(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                read(line: String(decoding: unfinishedLine, as: UTF8.self))
                unfinishedLine.removeAll(keepingCapacity: true)
            } else if unfinishedLine.count < 4096 {
                unfinishedLine.append(byte)
            }
        }
    }

    /// The first cause in one phrase.
    ///
    /// What `mpirun` saw of one rank comes before what others say: those that are left complain of the one that is
    /// gone.
    package func cause(_ end: ProcessEnd, of program: String) -> String {
        if let launcherMessage, killedRank != nil {
            return launcherMessage + (placeOfKilledRank.map { " in \($0)" } ?? "")
        }
        // No rank has begun on this machine alone; a host that mpirun misses then is one that nobody has named.
        if let launchProblem, report == nil { return launchProblem }
        if let host = lostHosts.first { return "host \(host) is lost" }
        if let text = report?.sentence ?? crash { return text }
        if let exitedRank, let exitedCode { return "rank \(exitedRank) ended with exit code \(exitedCode)" }
        if cannotStartDaemons { return "mpirun could not start its daemons on all hosts" }
        switch end {
        case .exited(let code): return "\(program) ended with exit code \(code)"
        case .signaled(let number): return "\(program) was ended by \(SignalName.of(number))"
        }
    }

    /// Adds why a launcher that has started no rank may have failed; its own words have been shown.
    package mutating func setLaunchProblem(_ text: String) { launchProblem = text }

    /// Adds which rank a signal has ended, as its own record shows it, where the launcher has not said so.
    package mutating func setKilled(rank: Int, host: String, signal: Int32) {
        if launcherMessage != nil || isHostFailure { return }
        launcherMessage = "rank \(rank) on \(host) was ended by \(SignalName.of(signal))"
        launcherRank = rank
        launcherSignal = signal
    }

    /// Adds what the killed rank was doing.
    mutating func setPlace(ofKilledRank place: String?) { placeOfKilledRank = place }

    private mutating func read(line: String) {
        if let told = FailureReport(line: line) {
            if report == nil { report = told }
        } else if line.contains("Fatal error: ") {
            if crash == nil { crash = line }
        } else if line.hasPrefix("with errorcode ") {
            if abortCode == nil { abortCode = Int32(line.dropFirst("with errorcode ".count).prefix(while: \.isNumber)) }
        } else if line.lowercased().hasPrefix("mpi_abort was invoked on rank")
            || line.contains("has lost communication with a remote daemon")
        {
            isEnding = true
        } else if line.contains("was unable to reliably start one or more daemons") {
            cannotStartDaemons = true
            isEnding = true
        } else if let host = word(of: line, after: "Remote daemon:", then: "on node")
            ?? word(of: line, after: "ssh: connect to host", then: "")
        {
            if !lostHosts.contains(host) { lostHosts.append(host) }
        } else if line.contains("noticed that process rank ") {
            isEnding = true
            guard launcherMessage == nil,
                let rank = word(of: line, after: "process rank", then: "").flatMap({ Int($0) }),
                let host = word(of: line, after: "", then: "on node")
            else { return }
            noticed = RankName(rank: rank, worldSize: nil, host: host)
            noticedSignal(in: line, after: "exited on signal")
        } else if noticed != nil, line.hasPrefix("signal ") {
            // Open MPI 5 breaks the line here.
            noticedSignal(in: line, after: "signal")
        } else if line.hasPrefix("  Process name: [") || line.hasPrefix("   Process name: [") {
            if exitedRank == nil {
                exitedRank = line.split(separator: ",").last.map { String($0.prefix(while: \.isNumber)) }
            }
        } else if line.hasPrefix("  Exit code: ") || line.hasPrefix("   Exit code: ") {
            if exitedCode == nil { exitedCode = line.split(separator: " ").last.flatMap { Int32($0) } }
        }
    }

    /// Takes the signal by which the rank that the launcher has noticed was ended.
    private mutating func noticedSignal(in line: String, after mark: String) {
        guard let noticed, let signal = word(of: line, after: "", then: mark).flatMap({ Int32($0) })
        else { return }
        self.noticed = nil
        setKilled(rank: noticed.rank, host: noticed.host, signal: signal)
    }

    /// The word that follows `second`, which follows `first`, in a line; either may be empty.
    private func word(of line: String, after first: String, then second: String) -> String? {
        var rest = Substring(line)
        for mark in [first, second] where !mark.isEmpty {
            guard let range = rest.firstRange(of: mark) else { return nil }
            rest = rest[range.upperBound...]
        }
        return rest.split(separator: " ").first.map(String.init)
    }
}
