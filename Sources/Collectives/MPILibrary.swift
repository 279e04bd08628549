import CMPI

/// Facts about the MPI library in this process, which need no launcher.
package enum MPILibrary {
    /// The library and its version: `Open MPI v4.1.4`.
    package static var version: String {
        var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING))
        var length: Int32 = 0
        guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "of an unknown version" }
        let bytes = text.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: ",")) }
        return String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
