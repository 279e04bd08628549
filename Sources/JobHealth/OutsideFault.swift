import Foundation

/// Faults that the outside world causes and that the system reports by a signal.
package enum OutsideFault {
    /// A file-size limit and a closed pipe become errors of the calls that meet them; a mapped file that another
    /// program cuts short ends the process with a message instead of a crash report.
    package static func install() {
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            CrashReport.write(
                """
                a file was cut short or became unreadable while it was in use; restore the data files and start the \
                same command again

                """
            )
            _exit(ExitCode.data.rawValue)
        }
        sigaction(SIGBUS, &action, nil)
    }
}
