import NeuralNetwork
import Training

/// Shows a run on standard output: on a terminal a line redrawn in place and one permanent line an epoch, elsewhere one
/// plain line per logging interval and per validation.
package final class ProgressLine {
    /// Seconds between two drawings of the line.
    static let redrawInterval = 0.1

    private let output: any TextOutput
    private let now: () -> Double
    private var run: RunDescription?
    private var epoch = EpochFigures()
    private var lastDrawing = -Double.infinity
    private var isLineOpen = false

    /// - Parameter now: a clock that never goes back, in seconds.
    package init(output: any TextOutput, now: @escaping () -> Double) {
        self.output = output
        self.now = now
    }

    package func began(_ run: RunDescription) {
        self.run = run
        epoch = EpochFigures(startedAt: now(), firstStep: run.resumedFromStep ?? 0)
        for line in ProgressText.header(run) { show(line) }
    }

    /// Takes one step's figures in and redraws the line if that is due.
    package func progress(step: Int, metrics: [MetricValue], samplesPerSecond: Double) {
        guard let run, run.stepsPerEpoch > 0, step > 0, output.isTerminal else { return }
        let number = (step - 1) / run.stepsPerEpoch + 1
        if number != epoch.number {
            finishEpoch(validation: nil)
            epoch = EpochFigures(number: number, startedAt: epoch.lastStepAt, firstStep: step - 1)
        }
        let time = now()
        epoch.add(step: step, time: time, metrics, samplesPerSecond: samplesPerSecond)
        let stepInEpoch = step - (number - 1) * run.stepsPerEpoch
        if time - lastDrawing < ProgressLine.redrawInterval && stepInEpoch < run.stepsPerEpoch { return }
        lastDrawing = time
        draw(stepInEpoch: stepInEpoch, run)
    }

    package func logged(_ record: IntervalRecord) {
        if !output.isTerminal { show(ProgressText.interval(record, totalSteps: run?.totalSteps ?? 0)) }
    }

    package func validated(_ record: ValidationRecord) {
        if output.isTerminal, let run, epoch.isOpen, record.step == epoch.number * run.stepsPerEpoch {
            finishEpoch(validation: record)
        } else {
            show(ProgressText.validation(record, width: room))
        }
    }

    package func decided(_ record: DecisionRecord) {
        finishEpochIfComplete()
        show(ProgressText.decision(record), color: "33")
    }

    /// Shows `text` as a line of its own above the redrawn line.
    package func note(_ text: String) { show(text) }

    /// Shows the last line of the program.
    package func finished(_ record: FinalRecord) {
        finishEpochIfComplete()
        if record.exitReason != .finished { show(record.exitReason.rawValue) }
        for baseline in run?.baselines ?? [] { show(BaselineText.line(baseline) { $0.validationName }) }
        clear()
        output.write(FinalLine.text(record) + "\n")  // whole, for scripts that read a terminal
    }

    /// Columns that a line may fill; nil where it is no terminal. The last column stays empty: terminals differ in when
    /// they wrap.
    private var room: Int? { output.isTerminal ? output.width - 1 : nil }

    /// Takes the redrawn line away, so that an error message begins on an empty line.
    package func clear() {
        if isLineOpen { output.write("\r\u{1B}[K") }
        isLineOpen = false
    }

    private func draw(stepInEpoch: Int, _ run: RunDescription) {
        let perStep = (epoch.lastStepAt - epoch.startedAt) / Double(max(epoch.stepCount, 1))
        let state = ProgressState(
            epoch: epoch.number, epochs: run.epochs, step: stepInEpoch, stepsPerEpoch: run.stepsPerEpoch,
            secondsLeft: perStep * Double(run.stepsPerEpoch - stepInEpoch), metrics: epoch.means,
            samplesPerSecond: epoch.samplesPerSecond)
        output.write("\r" + state.line(width: room ?? .max) + "\u{1B}[K")
        isLineOpen = true
    }

    private func finishEpochIfComplete() {
        if let run, epoch.isOpen, epoch.lastStep == epoch.number * run.stepsPerEpoch { finishEpoch(validation: nil) }
    }

    /// Turns the redrawn line into the epoch's permanent one.
    private func finishEpoch(validation: ValidationRecord?) {
        guard let run, epoch.isOpen else { return }
        epoch.isOpen = false
        show(
            ProgressText.epoch(
                epoch.number, of: run.epochs, seconds: now() - epoch.startedAt, metrics: epoch.means,
                samplesPerSecond: epoch.samplesPerSecond, validation: validation, width: room),
            color: validation?.isBest == true ? "32" : nil)
    }

    /// Shows a text as lines of its own, on a terminal broken where it is wide.
    private func show(_ text: String, color: String? = nil) {
        clear()
        for line in room.map({ wrapped(text, width: $0) }) ?? [text] {
            if let color, output.usesColor {
                output.write("\u{1B}[\(color)m\(line)\u{1B}[0m\n")
            } else {
                output.write(line + "\n")
            }
        }
        lastDrawing = -Double.infinity
    }
}

/// Running means over the steps of one epoch that this process has seen.
private struct EpochFigures {
    var number = 0
    var startedAt = 0.0
    var lastStepAt = 0.0
    var lastStep: Int
    var stepCount = 0
    var samplesPerSecond = Double.nan
    /// Whether steps have been shown for which no permanent line exists yet.
    var isOpen = false
    /// By metric, in the order in which they came first: phases that alternate measure different ones.
    private var sums: [(total: MetricValue, count: Int)] = []

    init(number: Int = 0, startedAt: Double = 0, firstStep: Int = 0) {
        self.number = number
        self.startedAt = startedAt
        lastStepAt = startedAt
        lastStep = firstStep
    }

    var means: [MetricValue] {
        sums.map { MetricValue($0.total.description, $0.total.value / Double($0.count)) }
    }

    mutating func add(step: Int, time: Double, _ metrics: [MetricValue], samplesPerSecond: Double) {
        isOpen = true
        lastStep = step
        lastStepAt = time
        stepCount += 1
        for metric in metrics {
            if let index = sums.firstIndex(where: { $0.total.name == metric.name }) {
                sums[index].total.value += metric.value
                sums[index].count += 1
            } else {
                sums.append((metric, 1))
            }
        }
        self.samplesPerSecond = samplesPerSecond
    }
}
