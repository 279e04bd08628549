import TensorCore

/// A tensor to be written: its signature and how to copy its values, straight to their place in the file's image.
///
/// Nothing is copied before `SafetensorsFile.init(metadata:sources:)` or `Checkpoint.init` runs `copy`, once per
/// tensor; a source that changes the layout (for example [O, H, W, I] → [O, I, H, W]) does so in that same pass.
package struct TensorSource {
    package let signature: TensorSignature
    /// Writes all `signature` bytes, little-endian and row-major; the memory is aligned to the element's size.
    let copy: (UnsafeMutableRawBufferPointer) -> Void

    /// A tensor of any element type; `copy` must fill the memory that it gets completely.
    package init(_ signature: TensorSignature, copy: @escaping (UnsafeMutableRawBufferPointer) -> Void) {
        self.signature = signature
        self.copy = copy
    }

    /// The same values under another name.
    func renamed(_ name: String) -> TensorSource {
        TensorSource(TensorSignature(name: name, dataType: signature.dataType, shape: signature.shape), copy: copy)
    }

    /// A tensor of 32-bit floats; `copy` must fill the memory that it gets completely.
    package init(name: String, shape: [Int], copyFloats: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) {
        self.init(TensorSignature(name: name, shape: shape)) { copyFloats($0.bindMemory(to: Float.self)) }
    }

    /// The present values of `tensor`, under its own shape.
    package init(name: String, tensor: Tensor) {
        self.init(name: name, shape: tensor.shape.dimensions) { target in
            if let start = target.baseAddress { start.update(from: tensor.pointer, count: target.count) }
        }
    }

    /// Values of one of the types F32, F64, I64, I32, U8 and so on, taken by `dataType` as they lie in memory.
    package init<Element: BitwiseCopyable>(name: String, dataType: SafetensorsDataType, shape: [Int], values: [Element])
    {
        precondition(
            MemoryLayout<Element>.stride == dataType.byteCount && values.count == shape.reduce(1, *),
            "TensorSource: \(values.count) values of \(Element.self) for \(name) \(dataType.rawValue) \(shape)")
        self.init(TensorSignature(name: name, dataType: dataType, shape: shape)) { target in
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }
}
