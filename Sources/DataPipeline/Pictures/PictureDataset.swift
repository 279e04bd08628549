import Kernels
import TensorCore

/// Pictures in files as samples, see ``Images``: fields `image` [H, W, C] and, where they have classes, `label` [].
///
/// They are ordered by their paths without extensions and decoded whenever they are read.
package struct PictureDataset: Dataset {
    package let name: String
    package let fields: [FieldDescription]
    package let defaultInput = "image"
    package let defaultTarget: String?
    package let mostStatisticsSamples: Int
    private let store: PictureStore
    /// The fields behind `image` and `label`.
    private let annotations: [any PictureAnnotation]
    /// Of the index.
    private let pictures: Range<Int>
    private let validation: Range<Int>?
    /// Nil where samples are read in any order.
    private let window: Int?
    private let settings: Images

    /// - Parameters:
    ///   - name: of the part.
    ///   - validation: of the index, what is set aside; nil where nothing is.
    ///   - annotations: of all pictures of the index.
    init(
        _ settings: Images, _ store: PictureStore, _ annotations: [any PictureAnnotation] = [], name: String,
        _ pictures: Range<Int>, validation: Range<Int>?
    ) {
        self.name = "\(Images.name)/\(name)"
        self.settings = settings
        self.store = store
        self.annotations = annotations
        self.pictures = pictures
        self.validation = validation
        mostStatisticsSamples = settings.statistics
        window = settings.order == .shards && store.index.isOfShards ? settings.window : nil
        let image = FieldDescription(
            name: "image", elementType: .float32, shape: [settings.height, settings.width, store.channels],
            meaning: .pixels(scale: 255, background: store.fit.background))
        let classes = store.index.classes.map(PictureNames.text)
        defaultTarget = classes.isEmpty ? annotations.first?.field.name : "label"
        let label = FieldDescription(
            name: "label", elementType: .int32, shape: [], meaning: .classes(names: classes))
        fields = (classes.isEmpty ? [image] : [image, label]) + annotations.map(\.field)
    }

    package var placedFields: [String] { annotations.map(\.field.name) }

    /// The annotation that is a field.
    private func annotation(_ field: Int) -> (any PictureAnnotation)? {
        let place = field - (fields.count - annotations.count)
        return place >= 0 ? annotations[place] : nil
    }

    package var count: Int { pictures.count }
    package var notes: [String] { store.index.notes }
    package var damage: DamageLog? { store.damage }
    package var isSlow: Bool { true }
    package var shards: (any ShardedSamples)? { window.map { PictureShardPlaces(self, window: $0) } }

    package var ownValidation: (any Dataset)? {
        validation.map { PictureDataset(settings, store, annotations, name: "validation", $0, validation: nil) }
    }

    package var exports: [String: SharedBytes.Export] { store.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        hash.feed("\(settings.fit) \(pictures)")
        hash.feed(store.index.fingerprint)
        for annotation in annotations { hash.feed(annotation.identity) }
        return hash.value
    }

    package func fieldSource(_ field: Int) -> FieldSource? { field == 0 ? .pictures : nil }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        if let annotation = annotation(field) {
            return try annotation.read(picture(index), store, into: buffer)
        }
        try read(index, field, nil, buffer)
    }

    package func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard case .picture(let change) = change else {
            preconditionFailure("\(name): field \(field) is made of pictures")
        }
        try read(index, field, change, buffer)
    }

    private func read(
        _ index: Int, _ field: Int, _ change: PictureChange?, _ buffer: UnsafeMutableBufferPointer<Float>
    ) throws {
        precondition(
            field == 0 && buffer.count == fields[0].shape.count,
            "\(name): field \(field) is not \(buffer.count) floats of \(fields[0].shape)")
        try store.read(picture(index), changing: change, into: buffer)
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        if let annotation = annotation(field) {
            return try annotation.readIntegers(picture(index), store, into: buffer)
        }
        precondition(field == 1 && buffer.count == 1, "\(name): field \(field) is not the label")
        buffer[0] = store.index.label(picture(index))
    }

    package func origin(of index: Int) -> String? { store.text(of: picture(index)) }

    package func prefetch(_ index: Int) { store.prefetch(picture(index)) }

    private func picture(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return pictures.lowerBound + index
    }

    fileprivate func place(of index: Int) -> (shard: Int, place: Int) {
        let picture = picture(index)
        return (store.index.place(picture), store.index.offset(picture) ?? picture)
    }
}

private struct PictureShardPlaces: ShardedSamples {
    private let dataset: PictureDataset
    let window: Int

    init(_ dataset: PictureDataset, window: Int) {
        self.dataset = dataset
        self.window = window
    }

    func place(of sourceIndex: Int) -> (shard: Int, place: Int) { dataset.place(of: sourceIndex) }
}
