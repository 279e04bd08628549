import Foundation
import JobHealth
import Reporting

/// Prints a result, all of it or an error: in this module it stands in the place of Swift's own `print`, which says
/// nothing when the disk is full.
///
/// Throws an `ErrorReport`.
func print(_ text: String, terminator: String = "\n") throws {
    try StandardOutput.print(text, terminator: terminator)
}

/// The descriptors 0 to 2, which every process must have.
enum StandardDescriptors {
    /// Opens those that whoever started this program has closed; else the next file that is opened, such as a log,
    /// would be one of them and get what is printed.
    ///
    /// What stands in for one can't do what it is for: a result that nobody can read is an error, not a success.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The system gives the lowest number that is free.
            _ = Foundation.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
