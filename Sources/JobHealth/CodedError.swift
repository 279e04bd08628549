/// An error of a module above, which says itself which exit code it leads to.
package protocol CodedError: Error {
    var exitCode: ExitCode { get }
}
