/// The element types of the safetensors format; the raw value is the name in the file.
package enum SafetensorsDataType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8", uint16 = "U16", uint32 = "U32", uint64 = "U64"
    case int8 = "I8", int16 = "I16", int32 = "I32", int64 = "I64"
    case float8E4M3 = "F8_E4M3", float8E5M2 = "F8_E5M2"
    case bfloat16 = "BF16", float16 = "F16", float32 = "F32", float64 = "F64"

    /// Bytes of one element.
    package var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8E4M3, .float8E5M2: 1
        case .uint16, .int16, .bfloat16, .float16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }
}
