import CCrypto

/// The SHA-256 (FIPS 180-4) of bytes given piece by piece, computed by OpenSSL with the processor's own instructions.
///
/// A digest belongs to one thread and gives its result once.
package final class SHA256Digest {
    private let context: OpaquePointer

    /// An empty digest. Throws `CheckpointError.digestFailed`, as all calls here.
    package init() throws(CheckpointError) {
        guard let context = EVP_MD_CTX_new() else { throw .digestFailed(operation: "EVP_MD_CTX_new") }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            throw .digestFailed(operation: "EVP_DigestInit_ex")
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends `bytes`.
    package func update(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            throw .digestFailed(operation: "EVP_DigestUpdate")
        }
    }

    /// Appends `bytes`.
    package func update(_ bytes: [UInt8]) throws(CheckpointError) {
        let status = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard status == 1 else { throw .digestFailed(operation: "EVP_DigestUpdate") }
    }

    /// Appends `number` as eight little-endian bytes.
    package func update(_ number: Int) throws(CheckpointError) {
        let status = withUnsafeBytes(of: Int64(number).littleEndian) {
            EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        guard status == 1 else { throw .digestFailed(operation: "EVP_DigestUpdate") }
    }

    /// Appends the length of `text` in bytes, then its UTF-8, so that neighbouring texts cannot run into each other.
    package func update(lengthAndText text: String) throws(CheckpointError) {
        try update(text.utf8.count)
        try update(Array(text.utf8))
    }

    /// The digest of everything appended, as 64 lower-case hexadecimal digits. Nothing may follow.
    package func finalize() throws(CheckpointError) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &bytes, &count) == 1 else {
            throw .digestFailed(operation: "EVP_DigestFinal_ex")
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
