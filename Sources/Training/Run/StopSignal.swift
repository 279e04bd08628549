import Foundation
import Synchronization

/// Remembers that the system asked the process to stop; the loop looks at it between steps.
///
/// A second signal ends the process at once.
public enum StopSignal {
    private static let received = Atomic<Int32>(0)

    /// Takes over SIGTERM, SIGINT, SIGUSR1 and SIGUSR2.
    public static func install() {
        for number in [SIGTERM, SIGINT, SIGUSR1, SIGUSR2] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                if StopSignal.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
            }
            sigaction(number, &action, nil)
        }
        // A file-size limit and a closed pipe become errors of the calls that meet them.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The name of the signal, for messages.
    public static var name: String {
        switch received.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        default: "a stop request"
        }
    }
}
