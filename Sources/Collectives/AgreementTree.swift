/// Who sends to whom, and when, so that all ranks end with what all of them had to say: a binomial tree up to the first
/// place and down again.
///
/// Going up, place p takes the words of p + 1, p + 2, p + 4, … after its own, so that what it holds is always of
/// neighbouring places in their order. Nobody sends or receives more than ⌈log₂ n⌉ messages each way, and all together
/// send 2(n − 1). The tree is a value: a communicator follows it among ranks, a simulation among as many places as one
/// likes.
package struct AgreementTree: Equatable, Sendable {
    /// How many places there are.
    package let count: Int

    /// What a place does in a round.
    package enum Step: Equatable, Sendable {
        case send(to: Int)
        case receive(from: Int)
        case nothing
    }

    /// A place's step and its direction.
    package struct Action: Equatable, Sendable {
        package let step: Step
        /// Whether words are collected; else the result is told.
        package let isUpwards: Bool
    }

    package init(count: Int) {
        precondition(count > 0, "AgreementTree: \(count) places")
        self.count = count
    }

    /// Rounds each way: ⌈log₂ n⌉.
    package var rounds: Int { Int.bitWidth - (count - 1).leadingZeroBitCount }

    /// What a place does in a round towards the first one, counted from 0.
    package func collecting(round: Int, place: Int) -> Step {
        let distance = 1 << round
        if place & (distance - 1) != 0 { return .nothing }
        if place & distance != 0 { return .send(to: place - distance) }
        return place + distance < count ? .receive(from: place + distance) : .nothing
    }

    /// What a place does in a round away from the first one, counted from 0.
    package func telling(round: Int, place: Int) -> Step {
        switch collecting(round: rounds - 1 - round, place: place) {
        case .send(let other): .receive(from: other)
        case .receive(let other): .send(to: other)
        case .nothing: .nothing
        }
    }

    /// All that a place does, round by round, up and then down.
    package func actions(ofPlace place: Int) -> [Action] {
        (0..<rounds).map { Action(step: collecting(round: $0, place: place), isUpwards: true) }
            + (0..<rounds).map { Action(step: telling(round: $0, place: place), isUpwards: false) }
    }
}

/// What one place of an ``AgreementTree`` holds on the way.
package struct AgreementMember {
    /// Makes the words of neighbouring places, the lower ones first, into one.
    package typealias Merge = (_ lower: [UInt8], _ upper: [UInt8]) -> [UInt8]

    /// Its own words, then those of the places that it has heard, in the end of all.
    package private(set) var words: [UInt8]
    private let merge: Merge

    package init(_ words: [UInt8], merge: @escaping Merge) {
        self.words = words
        self.merge = merge
    }

    /// Takes in what a step has received.
    package mutating func receive(_ other: [UInt8], isUpwards: Bool) {
        words = isUpwards ? merge(words, other) : other
    }
}

extension Communicator {
    /// What all ranks' words become by a merge of neighbours, the same on every rank; collective.
    ///
    /// The merge is associative. Nobody handles more than 2⌈log₂ P⌉ messages.
    package func agree(_ own: [UInt8], merge: @escaping AgreementMember.Merge) throws -> [UInt8] {
        try agree(own, among: nil, merge: merge)
    }

    /// The same among the ranks that share memory with this one, in their order.
    package func agreeOnHost(_ own: [UInt8], merge: @escaping AgreementMember.Merge) throws -> [UInt8] {
        try agree(own, among: hostRanks, merge: merge)
    }

    private func agree(_ own: [UInt8], among ranks: [Int]?, merge: @escaping AgreementMember.Merge) throws -> [UInt8] {
        let tree = AgreementTree(count: ranks?.count ?? worldSize)
        var member = AgreementMember(own, merge: merge)
        for action in tree.actions(ofPlace: ranks == nil ? rank : hostRank) {
            switch action.step {
            case .send(let place): try send(member.words, to: ranks?[place] ?? place)
            case .receive(let place):
                member.receive(try receiveWords(from: ranks?[place] ?? place), isUpwards: action.isUpwards)
            case .nothing: break
            }
        }
        return member.words
    }

    /// Words of any length: a message of fixed size that begins with their count, and another with what is left.
    private func send(_ words: [UInt8], to peer: Int) throws {
        var first = withUnsafeBytes(of: Int64(words.count).littleEndian, Array.init)
        first += words.prefix(AgreementMessage.inlineBytes)
        first += [UInt8](repeating: 0, count: AgreementMessage.byteCount - first.count)
        try first.withUnsafeBytes { first in
            try words.withUnsafeBytes { words in
                var sends = [OutgoingMessage(to: peer, first)]
                if words.count > AgreementMessage.inlineBytes {
                    sends.append(
                        OutgoingMessage(
                            to: peer, UnsafeRawBufferPointer(rebasing: words[AgreementMessage.inlineBytes...])))
                }
                try exchange(sends: sends, receives: [])
            }
        }
    }

    private func receiveWords(from peer: Int) throws -> [UInt8] {
        var first = [UInt8](repeating: 0, count: AgreementMessage.byteCount)
        try first.withUnsafeMutableBytes { try exchange(sends: [], receives: [IncomingMessage(from: peer, into: $0)]) }
        let count = Int(first.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) })
        let inline = first[8...].prefix(min(count, AgreementMessage.inlineBytes))
        guard count > inline.count else { return Array(inline) }
        var words = inline + [UInt8](repeating: 0, count: count - inline.count)
        try words.withUnsafeMutableBytes { words in
            let rest = UnsafeMutableRawBufferPointer(rebasing: words[AgreementMessage.inlineBytes...])
            try exchange(sends: [], receives: [IncomingMessage(from: peer, into: rest)])
        }
        return Array(words)
    }
}

/// The first message of words on their way.
private enum AgreementMessage {
    static let byteCount = 64
    /// What has room beside the count.
    static let inlineBytes = byteCount - 8
}
