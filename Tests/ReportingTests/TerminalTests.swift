import Foundation
import Reporting
import Testing
import Training

/// Progress on real terminals of several widths.
struct TerminalTests {
    /// A pseudo-terminal; what is written to `terminal` is read from `master`.
    private struct PseudoTerminal {
        let master: Int32
        let terminal: Int32

        init(columns: Int) throws {
            master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            try #require(master >= 0)
            var (unlocked, number) = (Int32(0), Int32(0))
            // TIOCSPTLCK, TIOCGPTN of <asm/ioctls.h>
            let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
            try #require(ioctl(master, setLock, &unlocked) == 0)
            try #require(ioctl(master, getNumber, &number) == 0)
            terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            try resize(columns: columns)
        }

        func resize(columns: Int) throws {
            var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
            try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        }

        /// What has been written so far.
        func text() -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            var entry = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            while poll(&entry, 1, 50) > 0 {
                let count = read(master, &chunk, chunk.count)
                if count <= 0 { break }
                bytes += chunk[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        func close() {
            Glibc.close(terminal)
            Glibc.close(master)
        }
    }

    @Test func pseudoTerminalGivesItsWidthAndHonoursNoColor() throws {
        let pseudo = try PseudoTerminal(columns: 77)
        defer { pseudo.close() }
        func output(_ environment: [String: String]) -> StandardOutput {
            StandardOutput(descriptor: pseudo.terminal, environment: environment)
        }
        let plain = output(["TERM": "xterm"])
        #expect(plain.isTerminal && plain.usesColor && plain.width == 77)
        try pseudo.resize(columns: 50)
        #expect(plain.width == 50)
        // Whatever its value is, unless it is empty (no-color.org).
        for value in ["1", "0", "false"] { #expect(!output(["NO_COLOR": value]).usesColor) }
        #expect(output(["NO_COLOR": ""]).usesColor && output(["NO_COLOR": "1"]).isTerminal)
        #expect(!output(["TERM": "dumb"]).isTerminal && !output(["TERM": "dumb"]).usesColor)
    }

    @Test(arguments: [40, 60, 80, 100, 118, 200], [true, false])
    func everyLineFitsTheTerminal(columns: Int, isColored: Bool) throws {
        let pseudo = try PseudoTerminal(columns: columns)
        defer { pseudo.close() }
        let clock = ManualClock()
        let output = StandardOutput(descriptor: pseudo.terminal, environment: isColored ? [:] : ["NO_COLOR": "1"])
        let progress = ProgressLine(output: output, now: { clock.seconds })
        var run = Samples.run
        (run.stepsPerEpoch, run.epochs, run.totalSteps) = (2, 100, 200)
        run.notes = ["leaves the bit contract: compressed gradients"]
        progress.began(run)
        for step in 1...4 {
            clock.seconds += 1
            progress.progress(
                step: step, metrics: Samples.figures(loss: 2.5, accuracy: 0.5), samplesPerSecond: 123_456)
            if step == 1 { progress.validated(Samples.validation(1)) }
            if step == 2 { progress.validated(Samples.validation(2)) }
        }
        progress.decided(Samples.decision(4, .decay))
        progress.note("note: left out 1 damaged line of the logs in runs/lenet5-mnist")
        let text = pseudo.text()
        #expect(text.contains("\u{1B}[32m") == isColored && text.contains("\u{1B}[33m") == isColored)
        #expect(text.contains("\u{1B}[0m") == isColored)
        // Each drawing of a line, without what a terminal does not show.
        let drawings = text.replacing(#/\e\[\d*[mK]/#, with: "").split(whereSeparator: \.isNewline)
        #expect(drawings.count > 8)
        for drawing in drawings { #expect(drawing.count < columns, "\(drawing)") }
        #expect(drawings.contains { $0.hasPrefix("Epoch 1/100 - ") && $0.contains("valAccuracy 0.981 - best") })
    }

    @Test func aWholeLineNeedsALittleMoreRoomThanItHas() throws {
        func line(_ width: Int) -> String {
            ProgressText.epoch(
                12, of: 100, seconds: 4, metrics: Samples.figures(loss: 2.5, accuracy: 0.5), samplesPerSecond: 123_456,
                validation: Samples.validation(860), width: width)
        }
        let whole =
            "Epoch 12/100 - 0:04 - loss 2.5000 - accuracy 0.500 - valLoss 0.0611 - valAccuracy 0.981 - best so far - "
            + "123,456 samples/s"
        #expect(line(200) == whole && line(whole.count) == whole)
        #expect(
            line(whole.count - 1)
                == String(whole.prefix(whole.count - " - 123,456 samples/s".count)))
        #expect(line(79) == "Epoch 12/100 - 0:04 - loss 2.5000 - valLoss 0.0611 - valAccuracy 0.981 - best")
        #expect(line(59) == "Epoch 12/100 - loss 2.5000 - valAccuracy 0.981 - best")
        #expect(line(39) == "Epoch 12/100 - valAccuracy 0.981 - best")
        #expect(line(31) == "Epoch 12/100" && line(8) == "Epoch 12" && line(0) == "")
        for width in 0...130 { #expect(line(width).count <= width) }
    }

    @Test func aValidationKeepsItsFigure() {
        func line(_ width: Int?) -> String { ProgressText.validation(Samples.validation(430), width: width) }
        #expect(line(nil) == "validation at step 430 (epoch 1) - valLoss 0.0611 - valAccuracy 0.981 - best so far")
        #expect(line(59) == "step 430 - valLoss 0.0611 - valAccuracy 0.981 - best")
        #expect(line(39) == "step 430 - valAccuracy 0.981 - best")
    }

    @Test func longTextsAreBrokenBetweenFactsElseBetweenWords() {
        #expect(wrapped("one · two three · four", width: 40) == ["one · two three · four"])
        #expect(wrapped("one · two three · four", width: 12) == ["one", "  two three", "  four"])
        #expect(wrapped("aa bb cc dd ee", width: 8) == ["aa bb cc", "  dd ee"])
        #expect(wrapped("a · bb cc dd ee ff gg", width: 12) == ["a · bb cc dd", "  ee ff gg"])
        #expect(wrapped("averyveryverylongword x", width: 5) == ["averyveryverylongword", "  x"])
        #expect(wrapped("", width: 5) == [""])
    }
}
