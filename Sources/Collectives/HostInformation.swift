import CMPI
import Glibc
import System

/// What a rank knows of the machine that it runs on.
package enum HostInformation {
    /// The machine's name, `localhost` when the system does not tell.
    package static var name: String { HostName.own }

    /// How many processors this process may use.
    package static var allowedProcessors: Int {
        max(1, (0..<processorMaskWords).reduce(0) { $0 + processorMask(word: $1).nonzeroBitCount })
    }

    /// How many words of 64 processors the system's masks have.
    static let processorMaskWords = 16

    /// Which of the processors 64·word ..< 64·(word + 1) this process may use.
    static func processorMask(word: Int) -> UInt64 { cmpi_allowed_processors(Int32(word)) }
}
