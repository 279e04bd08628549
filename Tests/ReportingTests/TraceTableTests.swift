import Foundation
import Reporting
import Testing
import Training

struct TraceTableTests {
    private let trace = TraceRecord(
        steps: 100...109, path: "runs/a & b/trace-100-109.json",
        ranks: [
            TraceRecord.Rank(rank: 0, host: "node1", seconds: [.computing: 0.05, .ranks: 0.04, .exchanging: 0.01]),
            TraceRecord.Rank(rank: 1, host: "<node2>", seconds: [.computing: 0.05, .data: 0.04, .exchanging: 0.01]),
        ])

    @Test func theReportShowsEveryRanksSharesAndWhoWasSlowest() throws {
        var report = HTMLReport(run: Samples.run, history: RunHistory(), configuration: "model: lenet5\n")
        #expect(try !report.text().contains("<section id=\"trace\">"))
        report.trace = trace
        let text = try report.text()
        #expect(text.contains("<h2>Time of steps 100 to 109</h2>") && text.contains("<section id=\"trace\">"))
        func row(_ cells: [String]) -> String { cells.map { "<td class=\"number\">\($0)</td>" }.joined() }
        #expect(text.contains("<td>node1</td>" + row(["5", "50 %", "0 %", "40 %", "10 %"])))
        #expect(text.contains("<td>&lt;node2&gt;</td>" + row(["9", "50 %", "40 %", "0 %", "10 %"])))
        #expect(text.contains(escaped(trace.slowestLine)) && text.contains("a &amp; b/trace-100-109.json"))
        #expect(trace.slowestLine.hasPrefix("slowest: rank 1 on <node2>, 29 % longer than the median; it waited"))
    }

    @Test func theLastLinesOfTheOutputNameTheSlowest() throws {
        try withTemporaryDirectory { directory in
            let output = RecordingOutput(isTerminal: false)
            let reporter = RunReporter(
                configuration: "model: lenet5\n", output: output, now: { 0 }, wallTime: { 10 })
            var run = Samples.run
            run.runDirectory = directory
            try reporter.began(run)
            try reporter.traced(trace)
            try reporter.finished(Samples.final)
            #expect(output.text.hasSuffix("\n\(trace.slowestLine)\n\(FinalLine.text(Samples.final))\n"))
            #expect(try textOfFile(directory + "/report.html").contains("Time of steps 100 to 109"))
        }
    }
}
