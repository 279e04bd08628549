/// A dense array of double-precision numbers, row-major: what the reference implementations compute with.
package struct DoubleTensor: Sendable, Equatable {
    package var values: [Double]
    package let shape: [Int]

    /// `values` under `shape`, which must have as many elements.
    package init(_ values: [Double], _ shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "DoubleTensor: \(values.count) values for \(shape)")
        self.values = values
        self.shape = shape
    }

    package init(_ values: [Float], _ shape: [Int]) { self.init(values.map(Double.init), shape) }

    /// A tensor of equal values.
    package init(repeating value: Double, _ shape: [Int]) {
        self.init(Array(repeating: value, count: shape.reduce(1, *)), shape)
    }

    package var count: Int { values.count }
    /// The product of all extents but the last.
    package var rows: Int { shape.dropLast().reduce(1, *) }
    /// The last extent: channels, classes.
    package var columns: Int { shape.last ?? 1 }

    /// f(x) element by element.
    package func map(_ f: (Double) -> Double) -> DoubleTensor { DoubleTensor(values.map(f), shape) }

    package subscript(_ i: Int, _ j: Int) -> Double {
        get { values[i * shape[1] + j] }
        set { values[i * shape[1] + j] = newValue }
    }

    package subscript(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Double {
        get { values[((n * shape[1] + h) * shape[2] + w) * shape[3] + c] }
        set { values[((n * shape[1] + h) * shape[2] + w) * shape[3] + c] = newValue }
    }
}
