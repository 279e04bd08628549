import TensorCore

extension SafetensorsFile {
    /// The values of tensor `name`, stored as F32, F64, F16 or BF16, as 32-bit floats (F64 rounded to nearest).
    ///
    /// Throws `CheckpointError.missingTensor` or `dataTypeMismatch`.
    package func floats(of name: String) throws(CheckpointError) -> [Float] {
        let signature = try existing(name)
        var failure: CheckpointError?
        let values = [Float](unsafeUninitializedCapacity: signature.shape.reduce(1, *)) { buffer, count in
            do throws(CheckpointError) {
                try copyFloats(of: name, into: buffer)
                count = buffer.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Copies the values of tensor `name` to `target`, which must have the same shape, converting as `floats(of:)`
    /// does.
    ///
    /// Throws `CheckpointError.missingTensor`, `shapeMismatch` or `dataTypeMismatch`.
    package func copy(_ name: String, into target: Tensor) throws(CheckpointError) {
        let signature = try existing(name)
        guard signature.shape == target.shape.dimensions else {
            throw .shapeMismatch(path: path, tensor: name, expected: target.shape.dimensions, actual: signature.shape)
        }
        try copyFloats(of: name, into: UnsafeMutableBufferPointer(start: target.pointer, count: target.count))
    }

    /// Copies the values of tensor `name` to `target`, which must hold exactly as many, converting as `floats(of:)`
    /// does.
    ///
    /// Throws `CheckpointError.missingTensor`, `shapeMismatch` or `dataTypeMismatch`.
    package func copyFloats(of name: String, into target: UnsafeMutableBufferPointer<Float>) throws(CheckpointError) {
        let signature = try existing(name)
        try withBytes(of: name) { (bytes) throws(CheckpointError) in
            guard bytes.count == target.count * signature.dataType.byteCount else {
                throw .shapeMismatch(path: path, tensor: name, expected: [target.count], actual: signature.shape)
            }
            switch signature.dataType {
            case .float32: UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
            case .float64: convert(bytes, as: Double.self, into: target) { Float($0) }
            case .float16: convert(bytes, as: UInt16.self, into: target) { Float(Float16(bitPattern: $0)) }
            case .bfloat16: convert(bytes, as: UInt16.self, into: target) { Float(bitPattern: UInt32($0) << 16) }
            default:
                throw .dataTypeMismatch(
                    path: path, tensor: name, expected: "F32, F64, F16 or BF16", actual: signature.dataType.rawValue)
            }
        }
    }

    /// The values of tensor `name`, stored as I64. Throws `CheckpointError.missingTensor` or `dataTypeMismatch`.
    package func int64s(of name: String) throws(CheckpointError) -> [Int64] { try values(of: name, stored: .int64) }

    /// The values of tensor `name`, stored as I32. Throws `CheckpointError.missingTensor` or `dataTypeMismatch`.
    package func int32s(of name: String) throws(CheckpointError) -> [Int32] { try values(of: name, stored: .int32) }

    /// The values of tensor `name`, stored as U8. Throws `CheckpointError.missingTensor` or `dataTypeMismatch`.
    package func uint8s(of name: String) throws(CheckpointError) -> [UInt8] { try values(of: name, stored: .uint8) }

    private func existing(_ name: String) throws(CheckpointError) -> TensorSignature {
        guard let signature = tensor(name) else { throw .missingTensor(path: path, tensor: name) }
        return signature
    }

    private func values<Element: BitwiseCopyable>(
        of name: String, stored dataType: SafetensorsDataType
    ) throws(CheckpointError) -> [Element] {
        let signature = try existing(name)
        guard signature.dataType == dataType else {
            throw .dataTypeMismatch(
                path: path, tensor: name, expected: dataType.rawValue, actual: signature.dataType.rawValue)
        }
        return try withBytes(of: name) { (bytes) throws(CheckpointError) in
            // A foreign file need not align its tensors.
            (0..<bytes.count / dataType.byteCount).map {
                bytes.loadUnaligned(fromByteOffset: $0 * dataType.byteCount, as: Element.self)
            }
        }
    }

    private func convert<Stored: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, as type: Stored.Type, into target: UnsafeMutableBufferPointer<Float>,
        _ float: (Stored) -> Float
    ) {
        for index in target.indices {
            target[index] = float(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.stride, as: type))
        }
    }
}
