/// A dense array of double-precision numbers, row-major: what the reference implementations compute with.
public struct DoubleTensor: Sendable, Equatable {
    public var values: [Double]
    public let shape: [Int]

    /// `values` under `shape`, which must have as many elements.
    public init(_ values: [Double], _ shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "DoubleTensor: \(values.count) values for \(shape)")
        self.values = values
        self.shape = shape
    }

    public init(_ values: [Float], _ shape: [Int]) { self.init(values.map(Double.init), shape) }

    /// A tensor of equal values.
    public init(repeating value: Double, _ shape: [Int]) {
        self.init(Array(repeating: value, count: shape.reduce(1, *)), shape)
    }

    public var count: Int { values.count }
    /// The product of all extents but the last.
    public var rows: Int { shape.dropLast().reduce(1, *) }
    /// The last extent: channels, classes.
    public var columns: Int { shape.last ?? 1 }

    /// f(x) element by element.
    public func map(_ f: (Double) -> Double) -> DoubleTensor { DoubleTensor(values.map(f), shape) }

    public subscript(_ i: Int, _ j: Int) -> Double {
        get { values[i * shape[1] + j] }
        set { values[i * shape[1] + j] = newValue }
    }

    public subscript(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Double {
        get { values[((n * shape[1] + h) * shape[2] + w) * shape[3] + c] }
        set { values[((n * shape[1] + h) * shape[2] + w) * shape[3] + c] = newValue }
    }
}
