import Kernels
import TestSupport
import Testing

@Suite("memoryHash")
struct MemoryHashTests {
    private func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        bytes.withUnsafeBytes { raw in raw.baseAddress.map { memoryHash($0, byteCount: raw.count, seed: seed) } ?? 0 }
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 167 + $0 >> 8) } }

    @Test("every single flipped bit changes it", arguments: [4, 60, 508, 512, 516, 1020, 2048, 4108])
    func singleBits(count: Int) {
        var memory = bytes(count)
        let sound = hash(memory)
        var seen: Set<UInt64> = [sound]
        for bit in 0..<8 * count {
            memory[bit / 8] ^= 1 << (bit % 8)
            seen.insert(hash(memory))
            memory[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(seen.count == 8 * count + 1, "all flips differ from the sound memory and from one another")
        #expect(hash(memory) == sound)
    }

    @Test("every pair of flipped bits in one lane changes it, the highest included")
    func pairs() {
        var memory = bytes(3 * 512)
        let sound = hash(memory)
        let lane = (0..<3).flatMap { block in (0..<64).map { (block * 512 + 40) * 8 + $0 } }
        for (index, first) in lane.enumerated() {
            memory[first / 8] ^= 1 << (first % 8)
            for second in lane[(index + 1)...] {
                memory[second / 8] ^= 1 << (second % 8)
                #expect(hash(memory) != sound, "bits \(first) and \(second)")
                memory[second / 8] ^= 1 << (second % 8)
            }
            memory[first / 8] ^= 1 << (first % 8)
        }
    }

    @Test("values that trade places change it, wherever they are")
    func exchanges() {
        var words = (0..<300).map { UInt32($0 * 7919 + 1) }
        let hash: ([UInt32]) -> UInt64 = { words in
            words.withUnsafeBytes { raw in raw.baseAddress.map { memoryHash($0, byteCount: raw.count) } ?? 0 }
        }
        let sound = hash(words)
        for first in 0..<299 {
            for second in first + 1..<300 {
                words.swapAt(first, second)
                #expect(hash(words) != sound, "\(first) and \(second)")
                words.swapAt(first, second)
            }
        }
    }

    @Test("it reads its bytes alone and does not depend on where they lie")
    func place() {
        for count in [4, 256, 300, 512, 700] {
            let sound = bytes(count)
            for shift in [0, 4, 12] {
                let memory = [UInt8](repeating: 0xAA, count: shift) + sound + [UInt8](repeating: 0x55, count: 300)
                let value = memory.withUnsafeBytes { raw in
                    raw.baseAddress.map { memoryHash($0 + shift, byteCount: count) }
                }
                #expect(value == hash(sound))
            }
        }
        #expect(hash(bytes(64), seed: 1) != hash(bytes(64), seed: 2))
    }

    @Test("the combination of hashes depends on both and on their order")
    func combination() {
        #expect(combinedHash(1, 2) != combinedHash(2, 3))
        #expect(combinedHash(combinedHash(0, 1), 2) != combinedHash(combinedHash(0, 2), 1))
        #expect(combinedHash(0, 1 << 63) != combinedHash(0, 0))
    }
}
