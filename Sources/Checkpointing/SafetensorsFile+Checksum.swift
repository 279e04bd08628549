extension SafetensorsFile {
    /// The SHA-256 over everything in the file but itself: the header's JSON without the key `sha256` and without
    /// padding, then all tensors' bytes. So names, element types, shapes, values and all other metadata are covered.
    func checksum() throws(CheckpointError) -> String {
        var header = header
        header.metadata[SafetensorsFile.checksumKey] = nil
        let digest = try SHA256Digest()
        try digest.update(header.json())
        try updateWithData(digest)
        return try digest.finalize()
    }

    /// The same content with its checksum in the metadata.
    package func sealed() throws(CheckpointError) -> SafetensorsFile {
        var metadata = metadata
        metadata[SafetensorsFile.checksumKey] = try checksum()
        return replacingMetadata(metadata)
    }

    /// Compares the content with the checksum in its metadata; a file of another program that has none passes.
    ///
    /// Throws `CheckpointError.checksumMismatch`.
    package func verifyChecksum() throws(CheckpointError) {
        guard let expected = metadata[SafetensorsFile.checksumKey] else { return }
        let actual = try checksum()
        guard actual == expected else { throw .checksumMismatch(path: path, expected: expected, actual: actual) }
    }

    /// Checks that the header is, byte for byte, the one that this program writes for its content.
    ///
    /// Together with the checksum no single bit of the file can change unnoticed, not even a space. Throws
    /// `CheckpointError.alteredHeader`.
    func verifyHeaderBytes() throws(CheckpointError) {
        let expected = encodedHeader
        let difference = withExtendedLifetime(self) { () -> Int? in
            let actual = originalHeader
            if actual.elementsEqual(expected) { return nil }
            return zip(actual, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
                ?? min(actual.count, expected.count)
        }
        if let difference { throw .alteredHeader(path: path, offset: difference) }
    }

    /// The SHA-256 of the weights alone, buffers included: what `trainer digest FILE` prints.
    ///
    /// For each tensor in the order of the names' bytes: length of the name, name, length of the element type's name,
    /// that name, number of extents, extents, values; numbers as eight little-endian bytes. Of a checkpoint only
    /// `model.` and `buffer.` tensors count, without these prefixes, so that it has the digest of the weights file with
    /// equal values. PyTorch's counts of batches, which a checkpoint does not have, are left out.
    package func weightsDigest() throws(CheckpointError) -> String {
        let isCheckpoint = metadata[Checkpoint.Key.format] == Checkpoint.format
        var named: [(name: String, entry: SafetensorsEntry)] = []
        for entry in header.entries where !entry.signature.isBatchCount {
            if !isCheckpoint {
                named.append((entry.signature.name, entry))
            } else if let (group, name) = Checkpoint.Group.split(entry.signature.name),
                group == .weights || group == .buffers
            {
                named.append((name, entry))
            }
        }
        let digest = try SHA256Digest()
        for (name, entry) in named.sorted(by: { precedesInFile($0.name, $1.name) }) {
            try digest.update(lengthAndText: name)
            try digest.update(lengthAndText: entry.signature.dataType.rawValue)
            try digest.update(entry.signature.shape.count)
            for extent in entry.signature.shape { try digest.update(extent) }
            try withBytes(of: entry) { (bytes) throws(CheckpointError) in try digest.update(bytes) }
        }
        return try digest.finalize()
    }

    private func updateWithData(_ digest: SHA256Digest) throws(CheckpointError) {
        try withExtendedLifetime(self) { () throws(CheckpointError) in try digest.update(data) }
    }
}
