/// How ranges of a vector are cut into messages.
///
/// MPI sends a message of at most 256 KiB at once (`MPIRuntimeSettings`). Before a longer one it asks the receiver, a
/// way there and one back. So ranges of up to four such messages travel as these; longer ones ask, and their bytes are
/// not copied.
package enum MessagePieces {
    private static let floats = 64 << 10
    private static let most = 4

    /// Messages for so many floats.
    package static func count(_ floats: Int) -> Int {
        let pieces = (floats + self.floats - 1) / self.floats
        return pieces <= most ? max(pieces, 1) : 1
    }

    /// The same ranges at sender and receiver.
    package static func cut(_ range: Range<Int>) -> [Range<Int>] {
        let pieces = count(range.count)
        if pieces == 1 { return [range] }
        return stride(from: range.lowerBound, to: range.upperBound, by: floats).map {
            $0..<min($0 + floats, range.upperBound)
        }
    }
}
