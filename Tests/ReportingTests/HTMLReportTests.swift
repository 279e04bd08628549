import Foundation
import Reporting
import TensorCore
import Testing
import Training

struct HTMLReportTests {
    private func report(_ change: (inout HTMLReport) -> Void = { _ in }) throws -> String {
        var report = HTMLReport(
            run: Samples.run,
            history: RunHistory(
                intervals: [215, 430, 645, 860].map { Samples.interval($0) },
                validations: [430, 860].map { Samples.validation($0) },
                decisions: [Samples.decision(860, .decay)]),
            configuration: "model: lenet5\n", final: Samples.final)
        change(&report)
        return try report.text()
    }

    @Test func allTextIsEscaped() throws {
        let attack = "<script>alert('x') & \"y\"</script>"
        let text = try report {
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
        #expect(!text.contains("<script>alert") && text.components(separatedBy: "<script").count == 2)
        #expect(text.components(separatedBy: escaped(attack)).count - 1 >= 10)
        #expect(escaped(attack) == "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;")
    }

    @Test func pageLoadsNothing() throws {
        let text = try report()
        #expect(text.contains("<link rel=\"icon\" href=\"data:,\">"))  // else a browser asks for one
        for word in ["http:", "https:", "src=", "url(", "@import"] { #expect(!text.contains(word)) }
        #expect(text.components(separatedBy: "href=").count == 2)
    }

    @Test func isWellFormed() throws {
        // Without the doctype and with its void elements closed the page is XML.
        let xml = try report().replacing("<!doctype html>", with: "").replacing(#/<(meta|link) [^>]*>/#, with: "")
            .replacing(#/<script>[^§]*<\/script>/#, with: "")
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

    @Test func showsCurvesMarkersFactsAndDigest() throws {
        let text = try report()
        for title in ["Loss", "Accuracy", "Learning rate", "Speed", "Where the time goes"] {
            #expect(text.contains("<h3>\(title)</h3>"))
        }
        #expect(text.contains("title=\"decay at step 860: no better since step 430\""))
        #expect(text.contains("<code>\(Samples.final.digest)</code>"))
        #expect(text.contains("<pre>model: lenet5"))
        #expect(text.contains("<b>98.12 %</b>"))
    }

    /// The script does it where there is one; Tests/scripts/report-page looks at that.
    @Test func pageOfARunThatGoesOnLoadsItselfAgain() throws {
        for reason in [nil, FinalRecord.ExitReason.stopSignal] {
            let text = try report {
                if let reason { $0.final?.exitReason = reason } else { $0.final = nil }
            }
            #expect(text.contains("<noscript><meta http-equiv=\"refresh\"") && text.contains("data-live>"))
        }
        #expect(try !report().contains("http-equiv=\"refresh\"") && !report().contains("data-live>"))
    }

    private func picture(_ name: String, count: Int, side: Int, channels: Int = 1) -> PictureRecord {
        let shape: Shape = [count, side, side, channels]
        return PictureRecord(
            step: 430, name: name,
            values: (0..<shape.count).map { place in
                Float(UInt32(truncatingIfNeeded: place) &* 2_654_435_761 >> 24)  // does not compress well
            }, shape: shape, columns: 4)
    }

    @Test func mistakesFiltersAndSamplesAreShown() throws {
        let text = try report {
            $0.shown = Samples.validation(430)
            $0.shown?.filters = [picture("c1", count: 6, side: 5)]
            $0.shown?.mistakes = [
                MistakeRecord(
                    output: "digit",
                    samples: [
                        .init(
                            name: "photos/<b>/7.jpg", right: "4 & 5", chosen: "<9>", rightProbability: 0.0125,
                            chosenProbability: 0.975),
                        .init(name: "17", right: "a", chosen: "b"),
                    ], pictures: picture("image", count: 2, side: 28))
            ]
            $0.pictures = [picture("generator", count: 8, side: 8, channels: 3)]
        }
        #expect(text.contains("<span>is <b>4 &amp; 5</b> (1.2 %)</span>"))
        #expect(text.contains("<span>taken for <b>&lt;9&gt;</b> (97.5 %)</span>"))
        #expect(text.contains("<span class=\"name\">7.jpg</span>") && text.contains(">sample 17</span>"))
        #expect(text.contains("<span>is <b>a</b></span>"))
        #expect(text.contains("aria-label=\"c1: 6 filters of 5 × 5\""))
        #expect(text.contains("<h2>Samples</h2>") && text.contains("Pictures of generator"))
        #expect(text.components(separatedBy: "data:image/png;base64,").count - 1 == 6 + 2 + 1)
    }

    @Test func aRunWithLargePicturesAndManyFiguresIsStillASmallPage() throws {
        let text = try report {
            $0.history.intervals = (1...20_000).map { Samples.interval($0, loss: 1 / Double($0), accuracy: 0.5) }
            $0.history.validations = (1...100).map { Samples.validation($0 * 430) }
            $0.shown = Samples.validation(430)
            $0.shown?.filters = [picture("conv1", count: 96, side: 11, channels: 3)]
            $0.shown?.mistakes = [
                MistakeRecord(
                    output: "kind",
                    samples: (0..<12).map { .init(name: "\($0)", right: "a", chosen: "b") },
                    pictures: picture("image", count: 12, side: 256, channels: 3))
            ]
            $0.pictures = [picture("generator", count: 64, side: 64, channels: 3)]
        }
        #expect(text.utf8.count < 1_000_000)
    }

    @Test func picturesAreMadeSmallerByMeansOverSquares() throws {
        let large = PictureRecord(
            step: 0, name: "", values: [1, 3, 10, 5, 7, 20, 100, 200, 50], shape: [1, 3, 3, 1], columns: 1)
        let small = large.reduced(by: 2)
        #expect(small.values == [4, 15, 150, 50] && small.height == 2 && small.width == 2)
        #expect(large.reduced(by: 1) == large)
    }

    @Test func runWithoutAccuracyHasNoSuchChart() throws {
        let text = try report {
            for index in $0.history.intervals.indices { $0.history.intervals[index].metrics.removeLast() }
            for index in $0.history.validations.indices { $0.history.validations[index].metrics.removeLast() }
        }
        #expect(!text.contains("<h3>Accuracy</h3>"))
        #expect(text.contains("best validation loss"))
    }

    @Test func everyMetricHasAChart() throws {
        let text = try report {
            for index in $0.history.validations.indices {
                $0.history.validations[index].metrics[1] = .init(Samples.rmse, 0.5)
            }
            $0.final?.validation[1] = .init(Samples.rmse, 0.5)
        }
        #expect(text.contains("<h3>Root mean square error</h3>") && text.contains("<h3>Accuracy</h3>"))
        #expect(text.contains("best validation root mean square error"))
        #expect(text.contains("<tr><th scope=\"row\">Final validation root mean square error</th><td>0.5</td></tr>"))
    }

    @Test func runWithoutRecordsIsAPageToo() throws {
        let text = try report {
            $0.history = RunHistory()
            $0.final = nil
        }
        #expect(text.contains("Nothing measured yet."))
        #expect(!text.components(separatedBy: "<script>")[0].contains("nan"))
    }
}
