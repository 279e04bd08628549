/// The memory of one field of a batch.
package struct FieldMemory {
    /// Where the elements lie.
    package enum Elements {
        case floats(Storage)
        /// `capacity` integers that `owner` keeps alive.
        case integers(UnsafePointer<Int32>, capacity: Int, owner: AnyObject?)
    }

    package let field: FieldDescription
    package let elements: Elements
    /// The extent of the varying axis in this batch, that of its longest sample; nil when no axis varies.
    package var variableExtent: Int?

    package init(field: FieldDescription, elements: Elements, variableExtent: Int? = nil) {
        self.field = field
        self.elements = elements
        self.variableExtent = variableExtent
    }

    /// The shape of a sample in this batch.
    package var sampleShape: Shape {
        guard let axis = field.variableAxis, let variableExtent else { return field.shape }
        var shape = field.shape
        shape[axis] = variableExtent
        return shape
    }
}

/// The samples of one grain as named fields; a view, valid until the owner of its memory fills it again.
package struct FieldBatch {
    /// The number of samples, n.
    package let count: Int
    /// The data set's stable numbers of the samples, n of them.
    package let sampleIDs: [Int]
    /// The lanes that the samples continue, one each, in order; nil where samples have nothing to do with each other.
    package let lanes: Range<Int>?
    /// Whether lanes begin anew here, so that what a model carries along them starts from its initial value.
    package let isStartOfSequence: Bool
    /// The graph whose nodes the samples are, numbered as ``sampleIDs``; nil where samples have no neighbours.
    package let nodes: (any NodeSource)?
    /// How the samples have been mixed with each other, numbers in their places; a field of classes still holds each
    /// sample's own. Nil where they have not.
    package let mixture: SampleMixture?
    private let memory: [FieldMemory]

    package init(
        count: Int, sampleIDs: [Int], lanes: Range<Int>? = nil, isStartOfSequence: Bool = false,
        nodes: (any NodeSource)? = nil, mixture: SampleMixture? = nil, memory: [FieldMemory]
    ) {
        self.nodes = nodes
        self.mixture = mixture
        self.count = count
        self.sampleIDs = sampleIDs
        self.lanes = lanes
        self.isStartOfSequence = isStartOfSequence
        self.memory = memory
    }

    /// The fields that the batch holds; where an axis varies, its length field is one of them.
    package var fields: [FieldDescription] { memory.map(\.field) }

    /// The declaration of a field; nil when the batch does not hold it.
    package func field(_ name: String) -> FieldDescription? { memory.first { $0.field.name == name }?.field }

    /// [n, shape of a sample…] of a field of floats, 64-byte aligned; a varying axis is as long as the longest sample
    /// needs and zero beyond the others' ends.
    package func floats(_ name: String) -> Tensor {
        let found = held(name)
        guard case .floats(let storage) = found.elements else {
            preconditionFailure("FieldBatch: '\(name)' holds integers, floats were asked for")
        }
        return Tensor(storage: storage, shape: found.sampleShape.batched(count))
    }

    /// [n, shape of a sample…] of a field of integers.
    package func integers(_ name: String) -> IntegerTensor {
        let found = held(name)
        guard case .integers(let pointer, let capacity, let owner) = found.elements else {
            preconditionFailure("FieldBatch: '\(name)' holds floats, integers were asked for")
        }
        let shape = found.sampleShape.batched(count)
        precondition(shape.count <= capacity, "FieldBatch: \(shape) of '\(name)' in \(capacity) integers")
        return IntegerTensor(pointer, shape: shape, owner: owner)
    }

    /// A field as floats, whichever its elements are: what a model takes as its input.
    package func input(_ name: String, pool: StoragePool) -> Tensor {
        switch held(name).elements {
        case .floats: floats(name)
        case .integers: integers(name).floats(pool: pool)
        }
    }

    private func held(_ name: String) -> FieldMemory {
        guard let found = memory.first(where: { $0.field.name == name }) else {
            preconditionFailure("FieldBatch: no field '\(name)'; it holds \(memory.map(\.field.name))")
        }
        return found
    }
}
