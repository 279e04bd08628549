import TensorCore

/// What a data set asks the model to predict.
package enum TargetDescription: Equatable, Sendable {
    /// One of these classes; a sample's label is an index into the names.
    case classes([String])
    /// A vector of so many real numbers.
    case values(Int)

    /// The number of classes; 0 when the target is a vector.
    package var classCount: Int {
        if case .classes(let names) = self { names.count } else { 0 }
    }

    /// The length of the target vector; 0 when the target is a class.
    package var valueCount: Int {
        if case .values(let count) = self { count } else { 0 }
    }
}

/// Which official part of a data set.
package enum DatasetSplit: String, Sendable, CaseIterable {
    case train, test
}

/// Random access to labelled samples; any thread may read any sample at any time.
package protocol Dataset: Sendable {
    /// The registered name with its split, such as `mnist/train`.
    var name: String { get }
    /// The number of samples.
    var count: Int { get }
    /// The shape of one sample, channels last: [H, W, C].
    var sampleShape: Shape { get }
    /// What a sample's label or target vector means.
    var target: TargetDescription { get }
    /// The raw value that stands for 1: 255 for 8-bit pixels, whose raw values are whole numbers.
    var valueScale: Float { get }
    /// The raw value of empty space around an image.
    var background: Float { get }
    /// A 64-bit hash of content, name and sizes: equal on two hosts when both read the same data. Reads everything.
    var fingerprint: UInt64 { get }
    /// Unpacked files that other processes of this host may map instead of unpacking them again.
    var exports: [String: SharedBytes.Export] { get }

    /// The data set that holds the samples of this view of it, itself where it is none.
    var source: any Dataset { get }
    /// Where ``source`` holds sample `index`.
    func sourceIndex(of index: Int) -> Int
    /// Asks for the memory of sample `index`, which will be read soon; does not wait for it.
    func prefetch(_ index: Int)

    /// Writes the raw values of sample `index` in row-major [H, W, C] order; `buffer` holds `sampleShape.count` floats.
    func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws
    /// The class of sample `index`, 0 when the target is a vector.
    func label(of index: Int) -> Int32
    /// Writes the target vector of sample `index`; called only when `target` is `.values`.
    func readTarget(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws
    /// A stable number for sample `index` that a view of the data set keeps: it keys augmentation and names the sample
    /// in reports.
    func sampleID(of index: Int) -> Int
}

extension Dataset {
    package var valueScale: Float { 255 }
    package var background: Float { 0 }
    package var exports: [String: SharedBytes.Export] { [:] }
    package var source: any Dataset { self }
    package func sourceIndex(of index: Int) -> Int { index }
    package func prefetch(_ index: Int) {}
    package func sampleID(of index: Int) -> Int { index }
    package func readTarget(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        preconditionFailure("\(name): a data set with target values must implement readTarget")
    }
}
