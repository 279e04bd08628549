import Glibc

/// Lines for people who have to act.
package enum StandardError {
    /// Writes a line; control characters, which may come from a file's names, reach no terminal.
    ///
    /// It is one call of `write` where the system takes it whole, so that the lines of several processes do not mix.
    package static func write(_ line: String) {
        var text = ""
        for scalar in line.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        text += "\n"
        // Standard error may be closed, which is no reason to end a job.
        text.withUTF8 { _ = write(UnsafeRawBufferPointer($0)) }
    }

    /// Writes all of `bytes` as they are; false when the system refuses. A signal handler may call it.
    ///
    /// - Parameter descriptor: standard error, or what a test has in its place.
    @discardableResult
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32 = STDERR_FILENO) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // Another process has made the pipe that we share one that does not wait.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&entry, 1, -1) > 0 || errno == EINTR { continue }
            }
            if count <= 0 { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}
