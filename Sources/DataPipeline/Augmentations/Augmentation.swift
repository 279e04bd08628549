import ConfigurationReading
import Kernels
import TensorCore

/// A random change of a training sample, a pure function of the sample and its key: a ``SampleTransform``, a
/// ``SoundTransform`` or a ``WindowTransform``; or of all samples of a grain, a ``MixingTransform``.
///
/// A new one is one file: its keys (an ``AugmentationEntry`` in ``augmentationCatalogue``) and its computation.
package protocol RandomTransform: Equatable, Sendable {
    /// Whether whatever a picture shows stays at its place.
    var keepsPlaces: Bool { get }
}

/// A change of the raw values of a field.
package protocol SampleTransform: RandomTransform {
    /// What a field has to hold.
    static var subject: TransformSubject { get }
    /// Writes the changed `source` into `destination` and returns true, or returns false when this key leaves it as it
    /// is.
    ///
    /// Both buffers hold `shape.count` raw values in row-major order, [H, W, C] or [T, C], and do not overlap.
    func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool
}

/// A change that goes by the number of the epoch, where a ``SampleTransform`` otherwise is drawn anew in each.
package protocol EpochwiseTransform: SampleTransform {
    /// As ``SampleTransform/apply(_:to:shape:background:key:)``.
    ///
    /// - Parameter sampleKey: of the sample, the same in all epochs.
    func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, sampleKey: RandomKey, epoch: Int
    ) -> Bool
}

extension EpochwiseTransform {
    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool { apply(source, to: destination, shape: shape, background: background, sampleKey: key, epoch: 0) }
}

/// What a ``SampleTransform`` changes.
package enum TransformSubject {
    /// [H, W, C]
    case image
    /// [H, W, C] of pixels, for a ``PixelTransform``
    case pixels
    /// A sequence of features, [T, C].
    case features
}

extension SampleTransform {
    package static var subject: TransformSubject { .image }
}

extension RandomTransform {
    package var keepsPlaces: Bool { false }
    fileprivate func isEqual(to other: any RandomTransform) -> Bool { (other as? Self) == self }
}

package typealias AugmentationEntry = CatalogueEntry<any RandomTransform>

/// Every augmentation that a configuration can name, a line each; the reference lists them in this order.
let augmentationCatalogue: [AugmentationEntry] = [
    Translate.entry,
    FlipHorizontal.entry,
    Rotate.entry,
    RandomCrop.entry,
    FlipVertical.entry,
    Zoom.entry,
    RandomResizedCrop.entry,
    ColourJitter.entry,
    PrincipalColours.entry,
    Greyscale.entry,
    GaussianNoise.entry,
    Masking.entry,
    SaltAndPepper.entry,
    RandomErasing.entry,
    Mixup.entry,
    Cutmix.entry,
    TimeShift.entry,
    Gain.entry,
    Noise.entry,
    TimeMask.entry,
    FrequencyMask.entry,
]

/// An augmentation as a configuration names it: `flip`, `{translate: 2}`, `{crop: {padding: 4}}`.
package struct Augmentation: Equatable, Sendable {
    /// What carries it out.
    package let transform: any RandomTransform

    package init(_ transform: any RandomTransform) { self.transform = transform }

    package static func == (a: Augmentation, b: Augmentation) -> Bool { a.transform.isEqual(to: b.transform) }
}

extension Augmentation: ConfigurationSection {
    package static var title: String { "augmentation" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        transform = reader.oneOf(
            augmentationCatalogue.map { entry in
                ConfigurationVariant.key(
                    entry.name, entry.documentation, shorthand: entry.shorthand, otherNames: entry.otherNames
                ) { entry.read($0) }
            })
    }
}

/// An augmentation of one field.
package struct FieldAugmentation: Equatable, Sendable {
    /// The field's name; it holds what the augmentation changes.
    package var field: String
    package var augmentation: Augmentation

    package init(field: String, _ augmentation: Augmentation) {
        self.field = field
        self.augmentation = augmentation
    }
}

/// The addresses of a transform's buffers, which must hold an image.
func checkedImage(
    _ source: UnsafeBufferPointer<Float>, _ destination: UnsafeMutableBufferPointer<Float>, _ shape: Shape,
    _ name: String
) -> (UnsafePointer<Float>, UnsafeMutablePointer<Float>) {
    guard shape.rank == 3, source.count == shape.count, destination.count == shape.count,
        let from = source.baseAddress, let to = destination.baseAddress
    else {
        preconditionFailure(
            "\(name): needs [H, W, C] buffers, got \(shape) in \(source.count) and \(destination.count) floats")
    }
    return (from, to)
}
