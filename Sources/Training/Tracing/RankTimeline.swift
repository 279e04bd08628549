import System

/// What one rank's threads did, by rank 0's clock.
package struct RankTimeline: Equatable, Sendable {
    package var rank: Int
    package var host: String
    package var tracks: [TimelineTrack]
    /// Nanoseconds by which its times are wrong at most beside rank 0's.
    package var clockError: Int

    package init(rank: Int, host: String, tracks: [TimelineTrack], clockError: Int) {
        self.rank = rank
        self.host = host
        self.tracks = tracks
        self.clockError = clockError
    }

    /// Events that found no room.
    var lost: Int { tracks.reduce(0) { $0 + $1.lost } }

    // MARK: - As bytes

    /// For a rank of the same program: ``clockError``, then of each track the length of its name, its number of
    /// events, what it lost, the name and the events.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ number: Int) { withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) } }
        append(clockError)
        for track in tracks {
            append(track.name.utf8.count)
            append(track.events.count)
            append(track.lost)
            bytes.append(contentsOf: track.name.utf8)
            track.events.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// - Parameter bytes: another's ``bytes``.
    package init(rank: Int, host: String, bytes: [UInt8]) {
        var place = 0
        func take<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
            let size = MemoryLayout<Value>.stride
            precondition(place + size <= bytes.count, "RankTimeline: \(bytes.count) bytes of rank \(rank) are torn")
            defer { place += size }
            return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: type) }
        }
        self.rank = rank
        self.host = host
        clockError = take(Int.self)
        tracks = []
        while place < bytes.count {
            let (length, count, lost) = (take(Int.self), take(Int.self), take(Int.self))
            let name = String(decoding: (0..<length).map { _ in take(UInt8.self) }, as: UTF8.self)
            tracks.append(
                TimelineTrack(name: name, events: (0..<count).map { _ in take(TimelineEvent.self) }, lost: lost))
        }
    }
}

extension TimelineTrack {
    /// The same with other times.
    ///
    /// - Parameter corrected: of a time, in nanoseconds; keeps the order.
    func at(_ corrected: (Int) -> Int) -> TimelineTrack {
        var copy = self
        for (index, event) in events.enumerated() {
            copy.events[index].start = corrected(event.start)
            if !event.isInstant { copy.events[index].duration = corrected(event.end) - copy.events[index].start }
        }
        return copy
    }
}
