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

    @Test func theReportDrawsTheTableOfTheLastValidation() throws {
        var report = HTMLReport(run: Samples.run, history: RunHistory(), configuration: "")
        #expect(try !report.text().contains("Confusion"))
        report.shown = Samples.validation(1720)
        report.shown?.confusions = [matrix]
        let text = try report.text()
        #expect(text.contains("<h2>Confusion in validation</h2>") && text.contains("after epoch 4, step 1,720"))
        #expect(text.contains("<tr><th scope=\"row\">no &lt;b&gt;</th>") && !text.contains("<b>no"))
        #expect(text.contains(">1234</td>") && text.contains("var(--right) 100%") && text.contains("var(--wrong) 16%"))
        #expect(text.contains("<td></td>") && !text.contains("no number"))
        #expect(text.contains("<td class=\"number\">60.0 %</td><td class=\"number\">100.0 %</td>"))
    }

    /// So many numbers nobody reads.
    @Test func aTableOfManyClassesIsAPictureWithTheCommonestConfusionsInWords() throws {
        let count = 100
        var counts = (0..<count).map { row in (0...count).map { $0 == row ? 50 : 0 } }
        counts[7][3] = 40
        counts[8][99] = 41
        counts[2][1] = 40
        let matrix = ConfusionMatrix(output: "kind", classes: (0..<count).map { "c\($0)" }, counts: counts)
        var report = HTMLReport(run: Samples.run, history: RunHistory(), configuration: "")
        report.shown = Samples.validation(430)
        report.shown?.confusions = [matrix]
        let text = try report.text()
        #expect(text.contains("class=\"heat\" src=\"data:image/png;base64,"))
        let rows = text.components(separatedBy: "<tr><td>").dropFirst().map { $0.prefix(20) }
        #expect(rows.map { $0.prefix(while: { $0 != "<" }) } == ["c8", "c2", "c7"])
        #expect(text.contains("<td>c99</td><td class=\"number\">41</td><td class=\"number\">45.1 %</td>"))
        #expect(text.utf8.count < 100_000)
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
            #expect(text.contains("<h3>digit</h3>") && text.contains("step 860") && !text.contains("<h3>old</h3>"))
        }
    }
}
