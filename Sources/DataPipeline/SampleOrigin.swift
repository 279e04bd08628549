/// A sample that a data set has left out because it can't be read.
package struct LeftOutSample: Equatable, Sendable {
    /// The file, or the place in one.
    package let origin: String
    package let problem: String

    package init(origin: String, problem: String) {
        self.origin = origin
        self.problem = problem
    }
}
