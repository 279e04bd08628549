/// How far a computed tensor is from its reference; a test expects that it is `close`.
public struct Comparison: Sendable, CustomStringConvertible {
    /// What was compared, for example `grad.weight`.
    public let name: String
    /// See ``relativeError(_:_:)``.
    public let error: Double
    public let tolerance: Double

    public init(_ name: String, error: Double, tolerance: Double) {
        self.name = name
        self.error = error
        self.tolerance = tolerance
    }

    /// A comparison that passes only when `holds`.
    public init(_ name: String, holds: Bool) { self.init(name, error: holds ? 0 : .infinity, tolerance: 0) }

    public var isClose: Bool { error <= tolerance }
    public var description: String { "\(name): relative error \(error), allowed \(tolerance)" }
}

extension [Comparison] {
    /// Those that are not close.
    public var failures: [Comparison] { filter { !$0.isClose } }
}
