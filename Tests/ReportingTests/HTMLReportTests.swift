import Foundation
import Reporting
import Testing
import Training

struct HTMLReportTests {
    private func report(_ change: (inout HTMLReport) -> Void = { _ in }) -> String {
        var report = HTMLReport(
            run: Samples.run,
            history: RunHistory(
                intervals: [215, 430, 645, 860].map { Samples.interval($0) },
                validations: [430, 860].map { Samples.validation($0) },
                decisions: [Samples.decision(860, .decay)]),
            configuration: "model: lenet5\n", final: Samples.final)
        change(&report)
        return report.text
    }

    @Test func allTextIsEscaped() {
        let attack = "<script>alert('x') & \"y\"</script>"
        let text = report {
            $0.configuration = attack
            $0.run.configurationName = attack
            $0.run.model = attack
            $0.run.hosts = [attack]
            $0.run.openBLASCore = attack
            $0.run.runDirectory = attack
            $0.run.notes = [attack]
            $0.history.decisions[0].reason = attack
            $0.lastCheckpoint = CheckpointRecord(step: 1, path: attack, seconds: 1)
            $0.final?.digest = attack
        }
        #expect(!text.contains("<script"))
        #expect(text.components(separatedBy: escaped(attack)).count - 1 >= 10)
        #expect(escaped(attack) == "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;")
    }

    @Test func pageLoadsNothing() {
        let text = report()
        for word in ["http:", "https:", "src=", "href=", "url(", "@import"] { #expect(!text.contains(word)) }
    }

    @Test func isWellFormed() throws {
        // Without the doctype and with its void elements closed the page is XML.
        let xml = report().replacing("<!doctype html>", with: "").replacing(#/<meta [^>]*>/#, with: "")
        var open: [Substring] = []
        for tag in xml.matches(of: #/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/#) {
            if !tag.output.1.isEmpty {
                #expect(open.popLast() == tag.output.2)
            } else if tag.output.3.isEmpty {
                open.append(tag.output.2)
            }
        }
        #expect(open.isEmpty)
    }

    @Test func showsCurvesMarkersFactsAndDigest() {
        let text = report()
        for title in ["Loss", "Accuracy", "Learning rate", "Speed", "Where the time goes"] {
            #expect(text.contains("<h3>\(title)</h3>"))
        }
        #expect(text.contains("<title>decay at step 860: no better since step 430</title>"))
        #expect(text.contains("<code>\(Samples.final.digest)</code>"))
        #expect(text.contains("<pre>model: lenet5"))
        #expect(text.contains("<b>98.12 %</b>"))
    }

    @Test func pageOfARunningRunLoadsItselfAgain() {
        #expect(report { $0.final = nil }.contains("http-equiv=\"refresh\""))
        #expect(!report().contains("http-equiv=\"refresh\""))
    }

    @Test func runWithoutAccuracyHasNoSuchChart() {
        let text = report {
            for index in $0.history.intervals.indices { $0.history.intervals[index].metrics.removeLast() }
            for index in $0.history.validations.indices { $0.history.validations[index].metrics.removeLast() }
        }
        #expect(!text.contains("<h3>Accuracy</h3>"))
        #expect(text.contains("best validation loss"))
    }

    @Test func everyMetricHasAChart() {
        let text = report {
            for index in $0.history.validations.indices {
                $0.history.validations[index].metrics[1] = .init(Samples.rmse, 0.5)
            }
            $0.final?.validation[1] = .init(Samples.rmse, 0.5)
        }
        #expect(text.contains("<h3>Root mean square error</h3>") && text.contains("<h3>Accuracy</h3>"))
        #expect(text.contains("best validation root mean square error"))
        #expect(text.contains("<tr><th>Final validation root mean square error</th><td>0.5</td></tr>"))
    }

    @Test func runWithoutRecordsIsAPageToo() {
        let text = report {
            $0.history = RunHistory()
            $0.final = nil
        }
        #expect(text.contains("Nothing measured yet."))
        #expect(!text.contains("nan"))
    }
}
