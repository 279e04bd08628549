/// Files of weights of other kinds, by their first bytes: none of them begins as a safetensors file can.
package enum ForeignFile: Sendable, Equatable {
    /// Of `torch.save`: since PyTorch 1.6 a zip archive, before a pickle.
    case pytorch
    /// Of Keras.
    case hdf5
    /// Of Git's extension for large files, in the place of the file itself.
    case pointer

    init?(_ bytes: UnsafeRawBufferPointer) {
        // As the number of a header's bytes each of these would be far beyond the largest.
        let kinds: [([UInt8], ForeignFile)] = [
            (Array("PK\u{3}\u{4}".utf8), .pytorch), ([0x80, 2], .pytorch), ([0x89] + Array("HDF\r\n".utf8), .hdf5),
            (Array("version ".utf8), .pointer),
        ]
        let head = Array(bytes.prefix(8))
        guard head.suffix(4) != [0, 0, 0, 0], let kind = kinds.first(where: { head.starts(with: $0.0) })?.1 else {
            return nil
        }
        self = kind
    }

    func description(path: String) -> String {
        switch self {
        case .pytorch:
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let stem = name.split(separator: ".").first.map(String.init) ?? name
            return "a file of torch.save, whose pickles only Python reads; make a safetensors file of it there:\n"
                + "import torch, safetensors.torch; weights = torch.load('\(path)', map_location='cpu', "
                + "weights_only=True)\n"
                + "safetensors.torch.save_file({k: v.contiguous() for k, v in weights.get('state_dict', weights)"
                + ".items()}, '\(stem).safetensors')"
        case .hdf5: return "an HDF5 file, as Keras writes; save its weights as a safetensors file there"
        case .pointer: return "a pointer of Git LFS in the place of the file; fetch the file itself with 'git lfs pull'"
        }
    }
}
