import Foundation
import NeuralNetwork
import Reporting
import Testing
import Training

@Suite struct ConfusionTests {
    private let matrix = ConfusionMatrix(
        output: "digit", classes: ["no <b>", "yes"], counts: [[1234, 2, 0], [0, 3, 0]])

    @Test func aTableOfTextHasARowForEachTrueClassWithItsRates() {
        #expect(
            ConfusionText(matrix).text == """
                confusion of digit, 1,239 in all
                true \\ taken for     no <b>  yes  precision  recall     F1
                no <b>                 1234    2      1.000   0.998  0.999
                yes                       0    3      0.600   1.000  0.750
                mean of all classes                   0.800   0.999  0.875
                """)
    }

    @Test func outputsThatAreNoNumberHaveAColumnOnlyWhereThereAreSome() {
        let some = ConfusionMatrix(output: "a", classes: ["x", "y"], counts: [[1, 0, 2], [0, 0, 0]])
        #expect(ConfusionText(some).text.contains("no number"))
        #expect(!ConfusionText(matrix).text.contains("no number"))
    }

    @Test func theReportDrawsTheTableOfTheLastValidation() {
        var report = HTMLReport(run: Samples.run, history: RunHistory(), configuration: "")
        #expect(!report.text.contains("Confusion"))
        report.confusions = (1720, [matrix])
        let text = report.text
        #expect(text.contains("<h2>Confusion in validation</h2>") && text.contains("digit, step 1,720"))
        #expect(text.contains("<tr><th>no &lt;b&gt;</th>") && !text.contains("<b>no"))
        #expect(text.contains(">1,234</td>") && text.contains("var(--c3) 100%") && text.contains("var(--sign) 8%"))
        #expect(text.contains("<td class=\"number\"></td>"))
    }

    @Test func theReporterKeepsTheLastTableAlone() throws {
        try withTemporaryDirectory { directory in
            var run = Samples.run
            run.runDirectory = directory
            let reporter = RunReporter(
                configuration: "", output: RecordingOutput(isTerminal: false), now: { 0 }, wallTime: { 0 })
            try reporter.began(run)
            var first = Samples.validation(430)
            first.confusions = [ConfusionMatrix(output: "old", classes: ["x"], counts: [[1, 0]])]
            try reporter.validated(first)
            var second = Samples.validation(860)
            second.confusions = [matrix]
            try reporter.validated(second)
            try reporter.finished(Samples.final)
            let text = try textOfFile(directory + "/report.html")
            #expect(text.contains("digit, step 860") && !text.contains("old, step"))
        }
    }
}
