/// How the program ends; the numbers are those of BSD sysexits.
package enum ExitCode: Int32, Sendable {
    case done = 0
    /// Bad usage or configuration.
    case usage = 64
    /// Bad data or checkpoint.
    case data = 65
    case `internal` = 70
    /// A rank's memory or processor has changed its state.
    case hardware = 71
    /// Stopped early by a signal; the same command resumes.
    case stopped = 75
}
