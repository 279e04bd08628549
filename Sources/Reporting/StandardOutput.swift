import Foundation
import JobHealth
import System
import Training

/// Standard output of this process.
///
/// `mpirun` gives every rank a pseudo-terminal without a size, also when its own output is a pipe or a file. Then the
/// question is put to the standard output of the parent process, which is `mpirun` for ranks on its host.
package final class StandardOutput: TextOutput {
    /// Whether this is a terminal of known width that can redraw a line.
    package let isTerminal: Bool
    package let usesColor: Bool
    private let descriptor: Int32
    private let sizeDescriptor: Int32
    private let ownsSizeDescriptor: Bool
    private var isBroken = false

    package convenience init() {
        self.init(descriptor: STDOUT_FILENO, environment: ProcessInfo.processInfo.environment)
    }

    /// - Parameters:
    ///   - descriptor: standard output, or what a test has in its place.
    ///   - environment: `NO_COLOR` (no-color.org) takes the colour away, `TERM=dumb` the redrawing too.
    package init(descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        var sized = descriptor
        if isatty(descriptor) == 1, StandardOutput.columns(of: descriptor) == 0 {
            sized = open("/proc/\(getppid())/fd/1", O_WRONLY | O_NOCTTY | O_CLOEXEC)
        }
        sizeDescriptor = sized
        ownsSizeDescriptor = sized >= 0 && sized != descriptor
        isTerminal = StandardOutput.columns(of: sized) > 0 && environment["TERM"] != "dumb"
        usesColor = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    }

    deinit { if ownsSizeDescriptor { close(sizeDescriptor) } }

    package var width: Int { StandardOutput.columns(of: sizeDescriptor) }

    package func write(_ text: String) {
        if isBroken { return }
        let bytes = Array(text.utf8)
        isBroken = !Activity.waitingForReader {
            withoutBrokenPipeSignal {
                var offset = 0
                while offset < bytes.count {
                    let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                    if count < 0, errno == EINTR || StandardOutput.hasWaitedForRoom(descriptor, errno) { continue }
                    if count <= 0 { return false }
                    offset += count
                }
                return true
            }
        }
    }

    /// Writes all of `bytes` as they are, at once.
    ///
    /// - Returns: false when nobody reads any more, as behind `head`.
    /// - Throws: an `ErrorReport` when the system refuses, as on a full disk.
    package static func write(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let (count, code) = Activity.waitingForReader {
                withoutBrokenPipeSignal { [rest] in
                    let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
                    return (count, errno)
                }
            }
            if count < 0 {
                if code == EINTR { continue }
                if code == EPIPE { return false }
                if hasWaitedForRoom(STDOUT_FILENO, code) { continue }
                throw ErrorReport(
                    text: "standard output: \(SystemError.text(code)); send it where there is room", code: .internal)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Writes a result and a line break, all of it.
    ///
    /// Nobody reading any more, as behind `head`, is no error. Throws an `ErrorReport` when the system refuses, as on a
    /// full disk.
    package static func print(_ text: String, terminator: String = "\n") throws {
        var text = text + terminator
        _ = try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// Whether a write has failed with `code` because another process has made the pipe that we share one that does not
    /// wait; then it returns once there is room.
    private static func hasWaitedForRoom(_ descriptor: Int32, _ code: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return code == EAGAIN && (poll(&entry, 1, -1) >= 0 || errno == EINTR)
    }

    /// Columns of the terminal behind `descriptor`, 0 when it is none or does not say.
    private static func columns(of descriptor: Int32) -> Int {
        guard descriptor >= 0, isatty(descriptor) == 1 else { return 0 }
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
    }
}

/// Runs `body`, whose writes to a closed pipe then fail with `EPIPE` instead of ending the process by SIGPIPE.
///
/// The signal is blocked for this thread and taken off again, so that the process's own handling stays as it is.
func withoutBrokenPipeSignal<Result>(_ body: () -> Result) -> Result {
    var brokenPipe = sigset_t()
    var pending = sigset_t()
    var previous = sigset_t()
    sigemptyset(&brokenPipe)
    sigaddset(&brokenPipe, SIGPIPE)
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    pthread_sigmask(SIG_BLOCK, &brokenPipe, &previous)
    let result = body()
    if !wasPending {
        var immediately = timespec()
        while sigtimedwait(&brokenPipe, nil, &immediately) < 0 && errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    return result
}
