import JobHealth
import Testing

/// What a process tells its supervisor.
@Suite struct FailureReportTests {
    private let report = FailureReport(
        ErrorReport(text: "no \"space\"\non /dev/sda", code: .hardware, suspectHosts: ["b", "c.d"]),
        name: RankName(rank: 1, worldSize: 4, host: "node2"), phase: .saving, step: 41, isAgreed: true)

    @Test func `the line is read back as it was written, whatever stands before it`() {
        #expect(!report.line.contains("\n"))
        #expect(FailureReport(line: report.line) == report)
        #expect(FailureReport(line: "half a line" + report.line) == report)
        #expect(FailureReport(line: "rank 1 of 4 on node2: no space") == nil)
        #expect(FailureReport(line: FailureReport.mark + "{") == nil)
    }

    @Test func `a long text is cut, so that the launcher passes the line on whole`() {
        var long = report
        long.error.text = String(repeating: "é\"", count: 5000)
        #expect(long.line.utf8.count < 2000)
        #expect(FailureReport(line: long.line)?.error.code == 71)
    }

    @Test func `the sentence names rank, host and place as far as they mean something`() {
        #expect(report.sentence.hasPrefix("rank 1 of 4 on node2 (saving a checkpoint after step 41): no "))
        let error = ErrorReport(text: "no space", code: .internal)
        let training = FailureReport(error, name: nil, phase: .training, step: 3)
        #expect(training.sentence == "(training after step 3): no space")
        #expect(FailureReport(error, name: nil, phase: .startUp, step: 0).sentence == "no space")
    }

    @Test func `the line is written only where a supervisor asks for it`() {
        #expect(report.message(prefix: "trainer: ", [:]) == "trainer: " + report.sentence)
        #expect(report.message([FailureReport.variable: "1"]) == report.line + "\n" + report.sentence)
    }

    @Test(arguments: [
        (ErrorReport.Kind.nonFinite, true), (.data, false), (.storage, false), (.crash, false), (.late, false),
    ])
    func `only arithmetic happens again for certain`(kind: ErrorReport.Kind, isPermanent: Bool) {
        #expect(ErrorReport(text: "", code: .internal, kind: kind).isPermanent == isPermanent)
    }

    @Test func `phases before the training count as not started`() {
        let error = ErrorReport(text: "", code: .internal)
        let name = RankName(rank: 0, worldSize: 1, host: "a")
        for (phase, hadStarted) in [(Phase.launch, false), (.startUp, false), (.training, true), (.leaving, true)] {
            #expect(FailureReport(error, name: name, phase: phase, step: 0).hadStarted == hadStarted)
        }
    }
}
