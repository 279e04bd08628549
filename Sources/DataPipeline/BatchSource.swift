import Kernels
import TensorCore

/// What batches are made of: a data set, the plan of its grains, the fields that are wanted and what is done to them.
package struct BatchSource: Sendable {
    package let dataset: any Dataset
    package let plan: any GrainPlan
    /// The fields that a batch holds, lengths of varying ones included, in the order in which they were asked for.
    package let fields: [FieldDescription]
    let fillings: [FieldFilling]
    let augmentationKey: RandomKey
    /// What mixes the samples of a grain at last; nil for nothing.
    let mixing: BatchMixing?
    /// The graph whose nodes the samples are, with fields as a model gets them; nil where there is none.
    let nodes: (any NodeSource)?

    /// - Parameters:
    ///   - fields: the names of the fields that are read, no other is touched; nil for the data set's usual input and
    ///     target. A length comes with its field and need not be named.
    ///   - preprocessing: of fields of floats, at most one a field.
    ///   - augmentations: applied in this order, before preprocessing; what mixes samples comes behind it.
    ///   - key: the run's root key; augmentation is keyed by (key, augmentation, epoch, sample id, place in
    ///     `augmentations`), mixing by (key, augmentation, step, grain).
    /// - Throws: `DataError` when a field does not exist or cannot be augmented or preprocessed like this.
    package init(
        dataset: any Dataset, plan: any GrainPlan, fields: [String]? = nil, preprocessing: [FieldPreprocessing] = [],
        augmentations: [FieldAugmentation] = [], key: RandomKey
    ) throws(DataError) {
        let wanted = fields ?? [dataset.defaultInput] + (dataset.defaultTarget.map { [$0] } ?? [])
        let lengths = Set(dataset.fields.compactMap(\.lengthField?.name))
        var descriptions: [FieldDescription] = []
        var fillings: [FieldFilling] = []
        for name in wanted where !descriptions.contains(where: { $0.name == name }) && !lengths.contains(name) {
            let filling = try FieldFilling(
                dataset: dataset, name: name, slot: descriptions.count, preprocessing: preprocessing,
                augmentations: augmentations)
            descriptions.append(filling.field)
            if let length = filling.field.lengthField { descriptions.append(length) }
            fillings.append(filling)
        }
        self.dataset = dataset
        self.plan = plan
        self.fields = descriptions
        self.fillings = fillings
        augmentationKey = key.folding(.augmentation)
        nodes = dataset.source.nodes.map { PreparedNodes($0, preprocessing) }
        try BatchSource.check(augmentations, descriptions, dataset)
        let mixers = augmentations.filter { $0.augmentation.transform is any MixingTransform }
        mixing = try BatchMixing(
            mixers.compactMap { $0.augmentation.transform as? any MixingTransform },
            main: descriptions.first { $0.name == mixers.first?.field }, fields: descriptions,
            largestGrain: plan.largestGrain, isSequence: dataset.isSequence, hasNodes: nodes != nil,
            key: augmentationKey)
    }

    /// Refuses to move a picture where a field says what is at which place of it.
    private static func check(
        _ augmentations: [FieldAugmentation], _ fields: [FieldDescription], _ dataset: any Dataset
    ) throws(DataError) {
        let placed = dataset.source.placedFields
        guard let field = fields.first(where: { placed.contains($0.name) }) else { return }
        for augmentation in augmentations where !augmentation.augmentation.transform.keepsPlaces {
            throw .augmentation(
                field: augmentation.field,
                problem: "'\(field.name)' says where things are in it, and does not follow when pictures are moved, "
                    + "mirrored, turned or mixed; keep augmentations that change brightness, colours and noise alone")
        }
    }

    /// Memory for any grain of the plan.
    func makeBatch() -> Batch {
        let largest = fillings.filter { !$0.transforms.isEmpty }.map(\.field.shape.count).max() ?? 0
        return Batch(
            capacity: plan.largestGrain, fields: fields, workspaceCount: max(largest, mixing?.largestField ?? 0),
            nodes: nodes)
    }
}

/// How one field of a batch is filled in.
struct FieldFilling: Sendable {
    let field: FieldDescription
    /// The field's place in the data set.
    let index: Int
    /// Its place in the batch; its lengths, if an axis varies, come right behind it.
    let slot: Int
    /// What is done at random, each with its place among all augmentations of the run.
    let transforms: [(place: Int, transform: any SampleTransform)]
    /// What is done before to what the field is computed from; nil where nothing is.
    let sourceTransforms: SourceTransforms?
    let background: Float
    /// The channels' factors sixteen times over, as `scaleAndShift` wants them; empty when values stay as they are.
    let scale: [Float]
    let shift: [Float]
    /// What stands for values that are not known, by channel; empty where all are.
    let fill: [Float]

    init(
        dataset: any Dataset, name: String, slot: Int, preprocessing: [FieldPreprocessing],
        augmentations: [FieldAugmentation]
    ) throws(DataError) {
        index = try dataset.fieldIndex(name)
        field = dataset.fields[index]
        self.slot = slot
        var transforms: [(place: Int, transform: any SampleTransform)] = []
        var sounds: [(place: Int, transform: any SoundTransform)] = []
        var windows: [(place: Int, transform: any WindowTransform)] = []
        let source = dataset.source.fieldSource(index)
        for (place, augmentation) in augmentations.enumerated() where augmentation.field == name {
            // Before anything else is done to it, a picture is cut as it lies in its file.
            if source == .pictures, transforms.isEmpty,
                let transform = augmentation.augmentation.transform as? any WindowTransform
            {
                windows.append((place, transform))
            } else if let transform = augmentation.augmentation.transform as? any SampleTransform {
                try FieldFilling.check(type(of: transform).subject, field)
                transforms.append((place, try FieldFilling.fitted(transform, to: field)))
            } else if let transform = augmentation.augmentation.transform as? any SoundTransform {
                guard case .recordings = source else { throw .notSound(field: name) }
                sounds.append((place, transform))
            }
        }
        self.transforms = transforms
        sourceTransforms = !sounds.isEmpty ? .sound(sounds) : !windows.isEmpty ? .picture(windows) : nil
        background = if case .pixels(_, let background) = field.meaning { background } else { 0 }
        guard let own = preprocessing.first(where: { $0.field == name }) else {
            (scale, shift, fill) = ([], [], [])
            return
        }
        guard field.elementType == .float32, own.scale.count == own.shift.count, own.scale.count == field.channels
        else {
            throw .preprocessingMismatch(field: name, channels: field.channels, factors: own.scale.count)
        }
        scale = Array(repeatElement(own.scale, count: 16).joined())
        shift = Array(repeatElement(own.shift, count: 16).joined())
        fill = own.fill ?? []
    }

    /// The transform with what it must know of the field.
    private static func fitted(
        _ transform: any SampleTransform, to field: FieldDescription
    ) throws(DataError) -> any SampleTransform {
        guard let pixels = transform as? any PixelTransform else { return transform }
        if let problem = pixels.problem(of: field) { throw .augmentation(field: field.name, problem: problem) }
        return pixels.ofPixels(upTo: Float(field.unit))
    }

    /// - Throws: `DataError` when the field does not hold what is to be changed.
    private static func check(_ subject: TransformSubject, _ field: FieldDescription) throws(DataError) {
        switch subject {
        case .image, .pixels:
            guard field.elementType == .float32, field.variableAxis == nil, field.shape.rank == 3 else {
                throw .notAnImage(field: field.name, shape: field.shape.dimensions)
            }
            if subject == .pixels {
                guard case .pixels = field.meaning else {
                    throw .augmentation(
                        field: field.name,
                        problem: "it holds numbers that are no pixels and have neither black nor full brightness; take "
                            + "the augmentation away")
                }
            }
        case .features:
            guard field.elementType == .float32, field.shape.rank == 2 else {
                throw .notFeatures(field: field.name, shape: field.shape.dimensions)
            }
        }
    }
}
