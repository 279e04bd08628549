import Foundation
import Kernels

/// The linear-algebra library of this process, for the command line.
package enum LinearAlgebra {
    package static func useOneThread() { LinearAlgebraLibrary.useOneThread() }

    /// See ``LinearAlgebraLibrary/chooseAgain()``.
    package static func chooseAgain() -> Bool { LinearAlgebraLibrary.chooseAgain() }

    /// The processor family whose kernels the library chose.
    package static var coreName: String { LinearAlgebraLibrary.coreName }

    /// The library's version and options.
    package static var description: String { LinearAlgebraLibrary.configuration }

    /// The kernels for this processor's abilities: one family for all with AVX-512, one for all with AVX2; nil for
    /// others.
    package static var coreForProcessor: String? {
        let flags = processorFlags
        if flags.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"]) { return "SkylakeX" }
        return flags.isSuperset(of: ["avx2", "fma"]) ? "Haswell" : nil
    }

    /// Whether the library uses kernels that are not this processor's best.
    package static var isSlowerThanProcessor: Bool {
        coreForProcessor == "SkylakeX" && !["SkylakeX", "Cooperlake"].contains(coreName)
    }

    /// What the processor can do, as Linux names it; empty where that can't be read.
    package static var processorFlags: Set<String> {
        guard let data = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return [] }
        return Set(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init))
    }
}
