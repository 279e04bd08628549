import Kernels

/// A change of the samples of a recording, from which the field is then computed.
package protocol SoundTransform: RandomTransform {
    /// Changes the samples, `rate` a second, in their place; their number stays.
    func apply(_ samples: UnsafeMutableBufferPointer<Float>, rate: Int, key: RandomKey)
}

/// What is done at random to one recording.
package struct SoundChange {
    private let transforms: [(place: Int, transform: any SoundTransform)]
    private let key: RandomKey

    /// - Parameters:
    ///   - transforms: each with its place among all augmentations of the run, which keys it.
    ///   - key: of the sample in its epoch.
    package init(_ transforms: [(place: Int, transform: any SoundTransform)], key: RandomKey) {
        self.transforms = transforms
        self.key = key
    }

    func apply(to samples: UnsafeMutableBufferPointer<Float>, rate: Int) {
        for (place, transform) in transforms { transform.apply(samples, rate: rate, key: key.folding(place)) }
    }
}
