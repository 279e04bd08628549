import Synchronization

/// Which memory of this process is what, for whoever has to say what an access to it means: a signal handler may ask.
///
/// A process has one of it, because its signal handlers have no other way to know. Entries are linked and never freed,
/// so that a handler finds them whole at any time; those given back are used again.
package enum MemoryRanges {
    /// What lies in a range.
    package enum Kind: Int, Sendable {
        /// A mapped file: another program may cut it short.
        case file = 1
        /// Memory that the ranks of a host share: the system may run out of it.
        case sharedWindow
    }

    /// `@unchecked Sendable`: the numbers are atomic, and `next` is set before others can see the entry.
    private final class Entry: @unchecked Sendable {
        let start = Atomic<UInt>(0)
        let end = Atomic<UInt>(0)
        let kind = Atomic(0)
        var next: UnsafeRawPointer?
    }

    /// The first entry, as an unmanaged reference; 0 without one.
    private static let first = Atomic<UInt>(0)
    /// Held by threads that change entries.
    private static let changes = Mutex<Void>(())

    /// From now on `bytes` are of this kind.
    package static func add(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) {
        guard let start = bytes.baseAddress else { return }
        changes.withLock { _ in
            let entry = find { $0.end.load(ordering: .relaxed) == 0 } ?? prepend()
            entry.kind.store(kind.rawValue, ordering: .relaxed)
            entry.start.store(UInt(bitPattern: start), ordering: .relaxed)
            // Last: the handler takes an entry without an end for none.
            entry.end.store(UInt(bitPattern: start) + UInt(bytes.count), ordering: .releasing)
        }
    }

    /// The memory that begins where `bytes` do is nothing special any more.
    package static func remove(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        changes.withLock { _ in
            let entry = find {
                $0.start.load(ordering: .relaxed) == UInt(bitPattern: start) && $0.end.load(ordering: .relaxed) != 0
            }
            entry?.end.store(0, ordering: .releasing)
        }
    }

    /// What lies at an address; nil where nobody has said so. A signal handler may call it.
    package static func kind(at address: UnsafeRawPointer?) -> Kind? {
        let address = UInt(bitPattern: address)
        let entry = find {
            let end = $0.end.load(ordering: .acquiring)
            return address < end && address >= $0.start.load(ordering: .relaxed)
        }
        return entry.flatMap { Kind(rawValue: $0.kind.load(ordering: .relaxed)) }
    }

    private static func find(_ isSought: (Entry) -> Bool) -> Entry? {
        var place = UnsafeRawPointer(bitPattern: first.load(ordering: .acquiring))
        while let found = place {
            let entry = Unmanaged<Entry>.fromOpaque(found).takeUnretainedValue()
            if isSought(entry) { return entry }
            place = entry.next
        }
        return nil
    }

    private static func prepend() -> Entry {
        let entry = Entry()
        entry.next = UnsafeRawPointer(bitPattern: first.load(ordering: .relaxed))
        first.store(UInt(bitPattern: Unmanaged.passRetained(entry).toOpaque()), ordering: .releasing)
        return entry
    }
}
