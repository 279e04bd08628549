/// CRC-32C (Castagnoli), the checksum of iSCSI and of TensorBoard's records: polynomial 1EDC6F41₁₆, bits reflected.
///
/// Source: RFC 3720, section 12.1 and appendix B.4 (test vectors). One bit at a time: event records are under 200
/// bytes.
package func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var remainder = ~UInt32(0)
    for byte in bytes {
        remainder ^= UInt32(byte)
        for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1 }
    }
    return ~remainder
}
