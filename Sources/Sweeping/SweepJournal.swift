import Foundation
import Reporting
import System
import Training

/// What a sweep is: the first line of its journal.
package struct SweepHeader: Codable, Equatable, Sendable {
    /// A run as the journal has it.
    package struct Run: Codable, Equatable, Sendable {
        package var name: String
        package var setting: String
        package var seed: UInt64
        package var ranks: Int?
        package var threads: Int?
    }

    /// The command line's, each with its values.
    package var options: [String]
    /// The complete configuration of the first run.
    package var configuration: String
    package var runs: [Run]

    package init(_ plan: SweepPlan, options: [String]) {
        self.options = options
        configuration = plan.runs.first?.configuration.resolvedYAML() ?? ""
        runs = plan.runs.map {
            Run(name: $0.name, setting: $0.setting, seed: $0.seed, ranks: $0.ranks, threads: $0.threads)
        }
    }

    /// What is different in the sweep whose directory this is; nil where it is the same one. Where data lie does not
    /// count. Throws `ConfigurationError`.
    func difference(from old: SweepHeader) throws -> String? {
        if options != old.options {
            let (there, here) = (
                old.options.filter { !options.contains($0) }, options.filter { !old.options.contains($0) }
            )
            func listed(_ options: [String]) -> String {
                options.isEmpty ? "nothing of that" : options.map { "'\($0)'" }.joined(separator: " ")
            }
            if there.isEmpty && here.isEmpty { return "its options stand in another order" }
            return "it has \(listed(there)), and this command \(listed(here))"
        }
        let differences = try RunConfiguration.differences(
            from: old.configuration, to: configuration, without: SweepHeader.places)
        if !differences.isEmpty {
            let shown = differences.prefix(3).joined(separator: ", ") + (differences.count > 3 ? ", …" : "")
            return "its configuration differs: \(shown)"
        }
        return runs == old.runs ? nil : "its runs have other names"
    }

    /// The keys that say where data lie: on another machine they lie elsewhere.
    private static let places = Set(["data.path", "name"] + (0..<64).map { "phases.\($0).data.path" })
}

/// Something that has happened to a run of a sweep: a line of the journal.
package struct SweepEvent: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case begun, finished, stopped, failed
    }

    package var run: String
    package var event: Kind
    /// Of a failure.
    package var code: Int32?
    package var cause: String?
    /// Seconds that its process took.
    package var seconds: Double?
    /// Seconds since 1970.
    package var time: Double

    package init(
        run: String, event: Kind, code: Int32? = nil, cause: String? = nil, seconds: Double? = nil,
        time: Double = Date().timeIntervalSince1970
    ) {
        self.run = run
        self.event = event
        self.code = code
        self.cause = cause
        self.seconds = seconds.map { ($0 * 1000).rounded() / 1000 }
        self.time = time.rounded()
    }
}

/// The journal of a sweep, `sweep.jsonl`: what it is, then what has happened to its runs.
///
/// A lost line costs nothing but a start of a run that then finds itself finished.
package final class SweepJournal {
    package static let fileName = "sweep.jsonl"

    package let header: SweepHeader
    /// The last that has happened to each run.
    package private(set) var last: [String: SweepEvent]
    private let file: AppendingFile

    /// Opens the journal in `folder`, or begins it. Throws ``SweepError`` where it is of another sweep,
    /// `ReportingError`, `ConfigurationError`.
    package init(in folder: String, _ header: SweepHeader) throws {
        let path = "\(folder)/\(SweepJournal.fileName)"
        if let found = try SweepJournal.read(folder) {
            if let difference = try header.difference(from: found.header) {
                throw SweepError.otherSweep(path: folder, difference: difference)
            }
            last = found.last
        } else {
            if access(RunDirectory(folder).configuration, F_OK) == 0 { throw SweepError.runDirectory(path: folder) }
            try SweepJournal.begin(path, header)
            last = [:]
        }
        self.header = header
        file = try AppendingFile(path: path)
        if try !SweepJournal.endsWithLine(path) { try file.append([UInt8(ascii: "\n")]) }
    }

    /// Writes the first line, unless another task of the same sweep just has.
    private static func begin(_ path: String, _ header: SweepHeader) throws {
        let own = "\(path).\(getpid())"
        try AtomicFile.write(bytes: Array((try line(header) + "\n").utf8), to: own)
        defer { unlink(own) }
        if link(own, path) == 0 || errno == EEXIST { return }
        // This file system knows no second names.
        if rename(own, path) != 0 { throw SystemError.file(path: path, operation: "create", code: errno) }
    }

    /// Adds a line. Throws `ReportingError`.
    package func append(_ event: SweepEvent) throws {
        last[event.run] = event
        try file.append(Array((try SweepJournal.line(event) + "\n").utf8))
    }

    /// What the journal in `folder` says; nil where there is none. Throws ``SweepError``, `SystemError`.
    package static func read(_ folder: String) throws -> (header: SweepHeader, last: [String: SweepEvent])? {
        let path = "\(folder)/\(fileName)"
        guard let data = try contents(path) else { return nil }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        let decoder = JSONDecoder()
        guard let first = lines.first, let header = try? decoder.decode(SweepHeader.self, from: Data(first)) else {
            throw SweepError.damagedJournal(path: path)
        }
        var last: [String: SweepEvent] = [:]
        // A line that a crash has torn is left out.
        for line in lines.dropFirst() {
            if let event = try? decoder.decode(SweepEvent.self, from: Data(line)) { last[event.run] = event }
        }
        return (header, last)
    }

    private static func contents(_ path: String) throws -> Data? {
        if access(path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SystemError.file(path: path, operation: "read", code: EACCES)
        }
        return data
    }

    private static func endsWithLine(_ path: String) throws -> Bool { try contents(path)?.last == UInt8(ascii: "\n") }

    private static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
