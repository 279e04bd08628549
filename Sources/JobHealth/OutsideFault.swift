import CProcess
import Foundation
import System

/// Faults that the outside world causes and that the system reports by a signal.
package enum OutsideFault {
    /// What SIGBUS means.
    package enum BusError: Equatable, Sendable {
        /// A mapped file was cut short, or its storage failed.
        case file
        /// The system had no more of the memory that ranks share.
        case sharedMemory
        /// The processor found the memory's content damaged.
        case hardware
        /// None of them: somebody sent the signal, or it is about memory of a library.
        case unknown

        /// By the signal's code (`si_code`) and the address that was accessed (`si_addr`). A signal handler may call
        /// it.
        package init(code: Int32, address: UnsafeRawPointer?) {
            if process_is_memory_failure(code) != 0 {
                self = .hardware
            } else if code <= 0 {
                self = .unknown  // sent by a process
            } else {
                switch MemoryRanges.kind(at: address) {
                case .file: self = .file
                case .sharedWindow: self = .sharedMemory
                case nil: self = .unknown
                }
            }
        }
    }

    /// A file-size limit and a closed pipe become errors of the calls that meet them; an access to memory that the
    /// system cannot provide ends the process with a message instead of a crash report.
    package static func install() {
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        process_handle_bus_error { code, address in OutsideFault.end(BusError(code: code, address: address)) }
    }

    /// Runs in the signal handler.
    private static func end(_ fault: BusError) -> Never {
        switch fault {
        case .file:
            CrashReport.write(
                """
                a file was cut short or became unreadable while it was in use; restore the data files and start the \
                same command again
                """, .data, code: ExitCode.data.rawValue)
            _exit(ExitCode.data.rawValue)
        case .sharedMemory:
            CrashReport.write(
                """
                the shared memory of this host is full; enlarge /dev/shm (docker: --shm-size=1g), or start fewer ranks \
                on this host; the same command resumes from the newest checkpoint
                """, .internal, code: ExitCode.internal.rawValue)
            _exit(ExitCode.internal.rawValue)
        case .hardware:
            CrashReport.write(
                """
                the processor found damaged memory (SIGBUS); test the memory of this host and leave it out; the same \
                command resumes from the newest checkpoint
                """, .hardware, code: ExitCode.hardware.rawValue)
            _exit(ExitCode.hardware.rawValue)
        case .unknown:
            CrashReport.write(
                """
                the system could not provide memory (SIGBUS): shared memory or a disk may be full, see df -h /dev/shm \
                and the temporary folder; the same command resumes from the newest checkpoint
                """, .crash, code: ExitCode.internal.rawValue)
            _exit(ExitCode.internal.rawValue)
        }
    }
}
