import Kernels
import TensorCore

/// A change of all samples of a grain together: each is mixed with another one, and so is what it should be taken for.
///
/// It comes after all that is done to single samples, wherever it stands among them.
package protocol MixingTransform: RandomTransform {
    /// How the grain's samples are mixed; a function of the key alone.
    ///
    /// - Parameter shape: of the field that is augmented.
    func mixing(of shape: Shape, key: RandomKey) -> Mixing
    /// Why a field of numbers can't be mixed like this; nil where it can. It ends with what to do.
    ///
    /// - Parameter main: the field that is augmented.
    func problem(of field: FieldDescription, beside main: FieldDescription) -> String?
}

/// How each of some samples is mixed with another one.
package enum Mixing: Equatable, Sendable {
    /// s x + (1 − s) y, of all numbers.
    case blend(share: Float)
    /// A rectangle of an image is that of the other one.
    case paste(rows: Range<Int>, columns: Range<Int>)

    /// How much of a sample is its own, 0…1.
    func share(of shape: Shape) -> Float {
        switch self {
        case .blend(let share): share
        case .paste(let rows, let columns):
            Float(1 - Double(rows.count * columns.count) / Double(shape[0] * shape[1]))
        }
    }
}

/// The mixing transforms of a run and the fields that they mix.
struct BatchMixing: Sendable {
    /// One of them is drawn for each grain.
    private let transforms: [any MixingTransform]
    /// The shape of the field that is augmented.
    private let shape: Shape
    /// The fields of numbers, by their places in a batch.
    private let slots: [Int]
    private let key: RandomKey
    /// The floats of the largest of these fields.
    let largestField: Int

    /// - Parameters:
    ///   - main: the field that is augmented.
    ///   - fields: all that a batch holds.
    ///   - key: of the run's augmentation.
    /// - Returns: nil where nothing is mixed.
    /// - Throws: `DataError.augmentation`.
    init?(
        _ transforms: [any MixingTransform], main: FieldDescription?, fields: [FieldDescription],
        largestGrain: Int, isSequence: Bool, hasNodes: Bool, key: RandomKey
    ) throws(DataError) {
        guard !transforms.isEmpty else { return nil }
        guard let main else { return nil }
        func refusal(_ problem: String, of field: FieldDescription? = nil) -> DataError {
            .augmentation(field: (field ?? main).name, problem: problem)
        }
        if isSequence || hasNodes {
            throw refusal("its samples continue or know each other and can't be mixed; take mixup and cutmix away")
        }
        if largestGrain < 2 {
            throw refusal(
                "a grain has one sample, which has none to be mixed with; set `grain` to 2 or more, or take mixup and "
                    + "cutmix away")
        }
        var slots: [Int] = []
        for (slot, field) in fields.enumerated() {
            if field.variableAxis != nil {
                throw refusal(
                    "its samples have several lengths and can't be mixed; take mixup and cutmix away", of: field)
            }
            switch (field.elementType, field.meaning) {
            case (.float32, _):
                for transform in transforms {
                    if let problem = transform.problem(of: field, beside: main) { throw refusal(problem, of: field) }
                }
                slots.append(slot)
            case (.int32, .classes) where field.shape.count == 1 && field != main: break
            case (.int32, _):
                throw refusal(
                    "only numbers and one class a sample can be mixed, and it holds neither; take mixup and cutmix "
                        + "away", of: field)
            }
        }
        self.transforms = transforms
        self.shape = main.shape
        self.slots = slots
        self.key = key.folding(name: "mixing")
        largestField = slots.map { fields[$0].shape.count }.max() ?? 0
    }

    /// Mixes each sample of a filled batch with the one that follows it at a drawn distance, the last ones with the
    /// first; a sample alone stays as it is.
    func callAsFunction(_ batch: Batch) {
        batch.mixture = nil
        let n = batch.count
        guard n > 1 else { return }
        let key = key.folding(batch.step).folding(batch.grain)
        let transform = transforms[key.integer(at: 0, below: transforms.count)]
        let mixing = transform.mixing(of: shape, key: key.folding(1))
        let mixture = SampleMixture(
            share: mixing.share(of: shape), distance: 1 + key.integer(at: 1, below: n - 1), count: n)
        for slot in slots { mix(batch, slot, mixing, mixture) }
        batch.mixture = mixture
    }

    /// Goes round each circle of samples that follow each other; the first one's numbers are kept for the last.
    private func mix(_ batch: Batch, _ slot: Int, _ mixing: Mixing, _ mixture: SampleMixture) {
        var isDone = 0
        var first = 0
        while isDone < mixture.count {
            let start = batch.floats(slot: slot, position: first)
            let kept = batch.workspace(0, count: start.count)
            if let from = start.baseAddress { kept.baseAddress?.update(from: from, count: start.count) }
            var position = first
            repeat {
                let next = mixture.partner(of: position)
                let other = next == first ? kept : batch.floats(slot: slot, position: next)
                apply(mixing, batch.floats(slot: slot, position: position), other)
                position = next
                isDone += 1
            } while position != first
            first += 1
        }
    }

    private func apply(
        _ mixing: Mixing, _ own: UnsafeMutableBufferPointer<Float>, _ other: UnsafeMutableBufferPointer<Float>
    ) {
        guard let to = own.baseAddress, let from = other.baseAddress else { return }
        switch mixing {
        case .blend(let share): blend(to, with: from, count: own.count, share: share)
        case .paste(let rows, let columns):
            let channels = own.count / max(shape[0] * shape[1], 1)
            pasteRectangle(from, into: to, w: shape[1], c: channels, rows: rows, columns: columns)
        }
    }
}
