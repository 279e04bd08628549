import NeuralNetwork
import Reporting
import Testing
import Training

struct ProgressTextTests {
    @Test func headerNamesTheRun() {
        #expect(
            ProgressText.header(Samples.run)[0]
                == "trainer · lenet5 (61,706 parameters) · 4 ranks × 1 thread on 2 cores of alpha · "
                + "batch 128 = 4 grains of 32 · 55,000 training samples"
        )
        #expect(
            ProgressText.header(Samples.run)[1]
                == "12 epochs of 430 steps · 5,000 validation samples · OpenBLAS SkylakeX · "
                + "run directory runs/lenet5-mnist"
        )
    }

    @Test func notesAreInTheFirstLineAndHostsAndResumeAreNamed() {
        var run = Samples.run
        run.hosts = ["alpha", "beta"]
        run.resumedFromStep = 1290
        run.notes = ["leaves the bit contract: compressed gradients"]
        let lines = ProgressText.header(run)
        #expect(lines[0].hasSuffix("samples · leaves the bit contract: compressed gradients"))
        #expect(lines[0].contains("on 2 cores of 2 hosts (alpha, beta)"))
        #expect(lines[1].hasSuffix(" · resumed from step 1,290"))
    }

    @Test(arguments: [
        (128, 32, "batch 128 = 4 grains of 32"), (100, 32, "batch 100 = 4 grains of 25"),
        (50, 15, "batch 50 = 4 grains of 12 or 13"), (32, 32, "batch 32 = 1 grain of 32"),
        (7, 32, "batch 7 = 1 grain of 7"),
    ])
    func batchTellsItsGrains(batch: Int, grain: Int, text: String) {
        var run = Samples.run
        run.batch = batch
        run.grain = grain
        #expect(ProgressText.batch(run) == text)
    }

    @Test func intervalIsOnePlainLine() {
        #expect(
            ProgressText.interval(Samples.interval(215), totalSteps: 5160)
                == "step 215/5,160 - epoch 0.5 - loss 0.0712 - accuracy 0.978 - learningRate 0.1 - "
                + "58,214 samples/s - compute 91% wait 3% reduce 2%"
        )
    }

    @Test func decisionGivesItsReason() {
        #expect(ProgressText.decision(Samples.decision(860, .decay)) == "decay at step 860: no better since step 430")
    }
}

struct NumberTextTests {
    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-58214, "-58,214"), (1_000_000, "1,000,000")])
    func groupsThousands(value: Int, text: String) { #expect(NumberText.grouped(value) == text) }

    @Test(arguments: [
        (0.0712, "0.0712"), (2.302585, "2.3026"), (0, "0.0000"), (1.5e-5, "1.500e-05"), (1234.56, "1234.6"),
        (Double.nan, "nan"), (-Double.infinity, "-inf"),
    ])
    func lossKeepsItsWidth(value: Double, text: String) { #expect(NumberText.loss(value) == text) }

    @Test(arguments: [(4.4, "0:04"), (59.6, "1:00"), (750, "12:30"), (11109, "3:05:09"), (Double.nan, "?"), (-1, "?")])
    func durationIsAClock(seconds: Double, text: String) { #expect(NumberText.duration(seconds) == text) }

    @Test func unknownSpeedIsAQuestionMark() { #expect(NumberText.rate(.nan) == "?") }
}

struct ProgressStateTests {
    let state = ProgressState(
        epoch: 3, epochs: 12, step: 215, stepsPerEpoch: 430, secondsLeft: 4,
        metrics: Samples.figures(loss: 0.0712, accuracy: 0.978),
        samplesPerSecond: 58_214)

    @Test(arguments: [
        (
            120,
            "Epoch 3/12  215/430 [===============>..............] 50% - ETA 0:04 - loss 0.0712 - accuracy 0.978 - "
                + "58,214 samples/s"
        ),
        (100, "Epoch 3/12  215/430 [======>......] 50% - ETA 0:04 - loss 0.0712 - accuracy 0.978 - 58,214 samples/s"),
        (92, "Epoch 3/12  215/430 50% - ETA 0:04 - loss 0.0712 - accuracy 0.978 - 58,214 samples/s"),
        (70, "Epoch 3/12  215/430 50% - ETA 0:04 - loss 0.0712 - accuracy 0.978"),
        (60, "Epoch 3/12  215/430 50% - loss 0.0712 - accuracy 0.978"),
        (40, "Epoch 3/12  215/430 50% - loss 0.0712"), (33, "Epoch 3/12  215/430 loss 0.0712"),
        (10, "Epoch 3/12"), (0, ""),
    ])
    func lineFitsTheWidth(width: Int, line: String) { #expect(state.line(width: width) == line) }

    @Test func barDoesNotMoveWhenADigitIsAdded() {
        var early = state
        early.step = 9
        #expect(early.line(width: 120).hasPrefix("Epoch 3/12    9/430 [>......"))
    }

    @Test func noWidthIsExceeded() {
        for width in 0...200 { #expect(state.line(width: width).count <= width) }
    }

    @Test func lastStepFillsTheBar() {
        var last = state
        last.step = 430
        last.secondsLeft = 0
        last.metrics.removeLast()
        #expect(
            last.line(width: 200)
                == "Epoch 3/12  430/430 [==============================] 100% - ETA 0:00 - "
                + "loss 0.0712 - 58,214 samples/s"
        )
    }
}

struct ProgressLineTests {
    let clock = ManualClock()

    private func line(_ output: RecordingOutput) -> ProgressLine {
        let clock = clock
        return ProgressLine(output: output, now: { clock.seconds })
    }

    private var shortRun: RunDescription {
        var run = Samples.run
        run.stepsPerEpoch = 4
        run.epochs = 2
        run.totalSteps = 8
        return run
    }

    @Test func terminalIsRedrawnAtMostTenTimesASecond() {
        let output = RecordingOutput(isTerminal: true)
        let progress = line(output)
        progress.began(Samples.run)
        let before = output.text.count { $0 == "\r" }
        for step in 1...100 {
            clock.seconds = Double(step) * 0.01
            progress.progress(
                step: step, metrics: Samples.figures(loss: 1, accuracy: nil), samplesPerSecond: 100)
        }
        let drawings = output.text.count { $0 == "\r" } - before
        #expect((9...11).contains(drawings))
    }

    @Test func epochBecomesOnePermanentLineWithItsValidation() {
        let output = RecordingOutput(isTerminal: true)
        let progress = line(output)
        progress.began(shortRun)
        for step in 1...4 {
            clock.seconds += 1
            progress.progress(
                step: step, metrics: Samples.figures(loss: Double(step), accuracy: 0.5), samplesPerSecond: 100)
        }
        progress.validated(Samples.validation(4))
        clock.seconds += 1
        progress.progress(
            step: 5, metrics: Samples.figures(loss: 9, accuracy: 0.5), samplesPerSecond: 100)
        #expect(
            output.visibleLines[2...] == [
                "Epoch 1/2 - 0:04 - loss 2.5000 - accuracy 0.500 - valLoss 0.0611 - valAccuracy 0.981 - best so far "
                    + "- 100 samples/s",
                "Epoch 2/2  1/4 [=======>......................] 25% - ETA 0:03 - loss 9.0000 - accuracy 0.500 - "
                    + "100 samples/s",
            ])
    }

    @Test func epochWithoutValidationHasItsLineToo() {
        let output = RecordingOutput(isTerminal: true)
        let progress = line(output)
        progress.began(shortRun)
        for step in 1...5 {
            clock.seconds += 1
            progress.progress(
                step: step, metrics: Samples.figures(loss: 2, accuracy: nil), samplesPerSecond: 100)
        }
        #expect(output.visibleLines[2] == "Epoch 1/2 - 0:05 - loss 2.0000 - 100 samples/s")
    }

    @Test func phasesThatAlternateHaveTheMeansOfTheirOwnSteps() {
        let output = RecordingOutput(isTerminal: true)
        let progress = line(output)
        progress.began(shortRun)
        for step in 1...5 {
            clock.seconds += 1
            let names = step % 2 == 1 ? ["firstLoss", "firstShare"] : ["secondLoss"]
            progress.progress(
                step: step, metrics: names.map { MetricValue(MetricDescription($0), Double(step)) },
                samplesPerSecond: 100)
        }
        #expect(
            output.visibleLines[2]
                == "Epoch 1/2 - 0:05 - firstLoss 2.0000 - firstShare 2.0000 - secondLoss 3.0000 - 100 samples/s")
    }

    @Test func pipeGetsPlainLinesOnly() {
        let output = RecordingOutput(isTerminal: false)
        let progress = line(output)
        progress.began(Samples.run)
        for step in 1...430 {
            progress.progress(
                step: step, metrics: Samples.figures(loss: 1, accuracy: nil), samplesPerSecond: 100)
        }
        progress.logged(Samples.interval(430))
        progress.validated(Samples.validation(430, isBest: false))
        progress.decided(Samples.decision(430, .decay))
        progress.finished(Samples.final)
        #expect(!output.text.contains("\r") && !output.text.contains("\u{1B}"))
        #expect(
            output.visibleLines[2...] == [
                "step 430/5,160 - epoch 1 - loss 0.0712 - accuracy 0.978 - learningRate 0.1 - 58,214 samples/s - "
                    + "compute 91% wait 3% reduce 2%",
                "validation at step 430 (epoch 1) - valLoss 0.0611 - valAccuracy 0.981",
                "decay at step 430: no better since step 430", FinalLine.text(Samples.final), "",
            ])
    }

    @Test(arguments: [true, false])
    func colourNeedsATerminalThatWantsIt(usesColor: Bool) {
        let output = RecordingOutput(isTerminal: true, usesColor: usesColor)
        let progress = line(output)
        progress.began(Samples.run)
        progress.decided(Samples.decision(430, .decay))
        #expect(output.text.contains("\u{1B}[33m") == usesColor)
    }

    @Test func nothingFollowsTheFinalLine() {
        let output = RecordingOutput(isTerminal: true)
        let progress = line(output)
        progress.began(shortRun)
        progress.progress(
            step: 1, metrics: Samples.figures(loss: 1, accuracy: nil), samplesPerSecond: 1)
        var record = Samples.final
        record.exitReason = .stopSignal
        progress.finished(record)
        #expect(
            output.visibleLines[2...] == [
                "stopped by a signal or the time limit; the same command resumes it", FinalLine.text(Samples.final), "",
            ])
    }
}

struct FinalLineTests {
    @Test func isExact() {
        #expect(
            FinalLine.text(Samples.final)
                == "final: epochs=12 steps=5160 valLoss=0.0312451 valAccuracy=0.9912 "
                + "digest=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        )
    }

    @Test func everyMetricOfAValidationIsThere() {
        var record = Samples.final
        record.validation = [.init(.loss, 0.25), .init(Samples.rmse, 0.5)]
        #expect(FinalLine.text(record).hasPrefix("final: epochs=12 steps=5160 valLoss=0.25 valRmse=0.5 digest="))
    }

    @Test func missingFiguresAreNone() {
        let record = FinalRecord(
            epochs: 0.25, steps: 1, validation: [.init(.loss, nil), .init(Samples.accuracy, nil)], digest: "ab",
            seconds: 1,
            exitReason: .stepLimit)
        #expect(FinalLine.text(record) == "final: epochs=0.25 steps=1 valLoss=none valAccuracy=none digest=ab")
    }
}
