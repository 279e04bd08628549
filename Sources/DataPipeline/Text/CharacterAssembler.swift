/// Puts the characters of a text in UTF-8 together from bytes that come one by one, so that none is shown in part.
///
/// Bytes that are no UTF-8 come out as they are; those that belong together as far as can be seen count as one
/// character.
package struct CharacterAssembler {
    private var pending: [UInt8] = []
    /// Bytes that the pending character lacks.
    private var missing = 0

    package init() {}

    /// Takes a byte and calls `body` with the bytes of each character that is complete with it.
    package mutating func append(
        _ byte: UInt8, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        if missing > 0, byte & 0xC0 != 0x80 { try finish(body) }
        pending.append(byte)
        if missing > 0 {
            missing -= 1
        } else {
            switch byte {
            case 0xC2...0xDF: missing = 1
            case 0xE0...0xEF: missing = 2
            case 0xF0...0xF4: missing = 3
            default: break
            }
        }
        if missing == 0 { try finish(body) }
    }

    /// Calls `body` with the bytes of a character whose rest does not come, if there is one.
    package mutating func finish(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        missing = 0
        if pending.isEmpty { return }
        try pending.withUnsafeBytes(body)
        pending.removeAll(keepingCapacity: true)
    }
}
