import FaultInjection
import Foundation
import System

/// What a process tells of the failure that ends its job: to people in a sentence, to a supervisor in a line that it
/// can read and takes out of what people see.
///
/// The supervisor decides by the line alone. So a sentence may be worded anew at any time.
package struct FailureReport: Equatable, Sendable, Codable {
    /// The variable by which a supervisor asks for the line; without it people would see it.
    package static let variable = "TRAINER_FAILURE_REPORTS"
    /// How the line begins.
    package static let mark = "@trainer-failure "
    /// A line is passed on whole only if it fits into one message of the launcher, of 2 KiB.
    private static let textBytes = 1000

    package var error: ErrorReport
    /// Nil in a process without ranks, or before it knows its own.
    package var name: RankName?
    package var phase: Phase
    /// Finished steps.
    package var step: Int
    /// Whether all ranks know of the failure, so that they leave MPI in order.
    package var isAgreed: Bool

    /// The failure of this process where it is now.
    package init(_ error: ErrorReport, name: RankName?, isAgreed: Bool = false) {
        self.init(error, name: name, phase: Activity.phase, step: Activity.step, isAgreed: isAgreed)
    }

    package init(_ error: ErrorReport, name: RankName?, phase: Phase, step: Int, isAgreed: Bool = false) {
        self.error = error
        self.name = name
        self.phase = phase
        self.step = step
        self.isAgreed = isAgreed
    }

    /// Whether the process had begun to train.
    package var hadStarted: Bool {
        // Before there are ranks a process is in the launch, and phases that mean nothing to people are not named.
        name == nil ? !phase.isWithoutSteps : phase != .launch && phase != .startUp
    }

    /// The failure in one sentence, with rank, host and place as far as they are known.
    package var sentence: String {
        let place = phase.place(step: step)
        if let name { return "\(name) (\(place)): \(error.text)" }
        return phase.isWithoutSteps ? error.text : "(\(place)): \(error.text)"
    }

    /// What to write: the line where a supervisor asks for it, then the sentence.
    ///
    /// It ends without a line break.
    package func message(
        prefix: String = "", _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        var shown = self
        shown.error.text = GarbledText.apply(error.text)
        let sentence = GarbledText.apply(prefix + self.sentence)
        return environment[FailureReport.variable] == nil ? sentence : shown.line + "\n" + sentence
    }

    /// The line for a supervisor, without a line break.
    package var line: String {
        var short = self
        while short.error.text.utf8.count > FailureReport.textBytes { short.error.text.removeLast() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Encoding what holds no floating-point numbers cannot fail.
        let json = (try? encoder.encode(short)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return FailureReport.mark + json
    }

    /// What a line of standard error tells; nil where it is no such line.
    package init?(line: some StringProtocol) {
        guard let mark = line.range(of: FailureReport.mark),
            let report = try? JSONDecoder().decode(FailureReport.self, from: Data(line[mark.upperBound...].utf8))
        else { return nil }
        self = report
    }

    /// Writes the line alone, if a supervisor asks for it: people are told by somebody else.
    package func tellSupervisor() {
        ActivityRecord.speak()
        if ProcessInfo.processInfo.environment[FailureReport.variable] != nil { StandardError.write(line) }
    }

    /// Writes it to standard error.
    package func tell(prefix: String = "") {
        ActivityRecord.speak()
        StandardError.write(message(prefix: prefix))
    }
}
