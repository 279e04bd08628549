import TensorCore

/// A data set with its usual input's images resized and cropped; everything else as it is.
package struct FittedDataset: Dataset {
    private let base: any Dataset
    private let fitter: ImageFitter
    /// The place of the images among the fields.
    private let place: Int
    package let fields: [FieldDescription]
    package let ownValidation: (any Dataset)?

    /// - Parameter geometry: of the usual input of `base`.
    package init(_ base: any Dataset, _ geometry: ImageGeometry) throws(DataError) {
        self.base = base
        if let placed = base.source.placedFields.first {
            throw .fixedPlaces(field: base.defaultInput, placed: placed)
        }
        fitter = ImageFitter(geometry)
        place = try base.fieldIndex(base.defaultInput)
        var fields = base.fields
        fields[place] = geometry.field(fields[place])
        self.fields = fields
        ownValidation = try base.source.ownValidation.map { own throws(DataError) in try FittedDataset(own, geometry) }
    }

    /// What is done to the images.
    package var geometry: ImageGeometry { fitter.geometry }

    package var name: String { base.name }
    package var count: Int { base.count }
    package var defaultInput: String { base.defaultInput }
    package var defaultTarget: String? { base.defaultTarget }
    package var isSequence: Bool { base.isSequence }
    package var partition: Partition { base.partition }
    package var baselines: [Baseline] { base.baselines }
    package var nodes: (any NodeSource)? { base.source.nodes }
    package var exports: [String: SharedBytes.Export] { base.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(Int(bitPattern: UInt(base.fingerprint)))
        hash.feed("\(geometry.from) \(geometry.steps)")
        return hash.value
    }

    package func prefetch(_ index: Int) { base.prefetch(index) }
    package func sampleID(of index: Int) -> Int { base.sampleID(of: index) }
    package func length(of index: Int, field: Int) -> Int { base.length(of: index, field: field) }
    package func fieldSource(_ field: Int) -> FieldSource? { base.source.fieldSource(field) }
    package var isSlow: Bool { base.source.isSlow }
    package var damage: DamageLog? { base.source.damage }
    package var notes: [String] { base.source.notes }
    package var mostStatisticsSamples: Int { base.source.mostStatisticsSamples }
    package var shards: (any ShardedSamples)? {
        base.source.shards.map { FittedShards(base: base, shards: $0) }
    }
    package func origin(of index: Int) -> String? { base.source.origin(of: base.sourceIndex(of: index)) }
    package func fillPlan(field: Int) -> FillPlan? { base.source.fillPlan(field: field) }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        guard field == place else { return try base.read(index, field: field, into: buffer) }
        try fitter.fit(into: buffer) { try base.read(index, field: field, into: $0) }
    }

    package func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>
    ) throws {
        let (source, origin) = (base.source, base.sourceIndex(of: index))
        guard field == place else { return try source.read(origin, field: field, changing: change, into: buffer) }
        try fitter.fit(into: buffer) { try source.read(origin, field: field, changing: change, into: $0) }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        try base.readIntegers(index, field: field, into: buffer)
    }
}

/// Where the samples of a fitted data set lie: where those of its base do.
private struct FittedShards: ShardedSamples {
    let base: any Dataset
    let shards: any ShardedSamples
    var window: Int { shards.window }

    func place(of sourceIndex: Int) -> (shard: Int, place: Int) {
        shards.place(of: base.sourceIndex(of: sourceIndex))
    }
}
