import Kernels
import TensorCore

/// A graph's nodes with their fields as models get them, after preprocessing.
package struct PreparedNodes: NodeSource {
    private let base: any NodeSource
    /// By field: the channels' factors sixteen times over, as `scaleAndShift` wants them.
    private let factors: [String: (channels: Int, scale: [Float], shift: [Float])]

    package init(_ base: any NodeSource, _ preprocessing: [FieldPreprocessing]) {
        self.base = base
        factors = Dictionary(
            preprocessing.map { own in
                (
                    own.field,
                    (
                        own.scale.count, Array(repeatElement(own.scale, count: 16).joined()),
                        Array(repeatElement(own.shift, count: 16).joined())
                    )
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    package var graph: NodeGraph { base.graph }
    package var fingerprint: UInt64 { base.fingerprint }

    package func read(_ node: Int, field: String, into buffer: UnsafeMutableBufferPointer<Float>) {
        base.read(node, field: field, into: buffer)
        guard let own = factors[field], let values = buffer.baseAddress else { return }
        scaleAndShift(
            UnsafePointer(values), to: values, count: buffer.count, channels: own.channels, scale: own.scale,
            shift: own.shift)
    }
}
