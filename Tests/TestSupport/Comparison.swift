/// How far a computed tensor is from its reference; a test expects that it is `close`.
package struct Comparison: Sendable, CustomStringConvertible {
    /// What was compared, for example `grad.weight`.
    package let name: String
    /// See ``relativeError(_:_:)``.
    package let error: Double
    package let tolerance: Double

    package init(_ name: String, error: Double, tolerance: Double) {
        self.name = name
        self.error = error
        self.tolerance = tolerance
    }

    /// A comparison that passes only when `holds`.
    package init(_ name: String, holds: Bool) { self.init(name, error: holds ? 0 : .infinity, tolerance: 0) }

    package var isClose: Bool { error <= tolerance }
    package var description: String { "\(name): relative error \(error), allowed \(tolerance)" }
}

extension [Comparison] {
    /// Those that are not close.
    package var failures: [Comparison] { filter { !$0.isClose } }
}
