import Kernels

/// Draws tokens from the probabilities that scores give: softmax of score / temperature, over the `topK` likeliest.
///
/// What it draws is a function of the scores, the seed and the place in the sequence. Its memory is its own from the
/// second token on.
package struct TokenSampler {
    /// 0 takes the likeliest token, the first of equal ones.
    package let temperature: Float
    /// How many of the likeliest tokens are drawn from, those with the smaller numbers of equal ones; nil for all.
    package let topK: Int?
    private let key: RandomKey
    private var candidates: [Int32] = []
    private var weights: [Float] = []

    package init(temperature: Float, topK: Int? = nil, seed: UInt64) {
        precondition(temperature >= 0 && topK ?? 1 > 0, "TokenSampler: temperature \(temperature), topK \(topK ?? 0)")
        self.temperature = temperature
        self.topK = topK
        key = RandomKey(seed: seed).folding(name: "generation")
    }

    /// The token at a place of a sequence; nil where a score is NaN or infinite.
    package mutating func sample(_ scores: UnsafePointer<Float>, count: Int, at place: Int) -> Int? {
        precondition(count > 0, "TokenSampler: no scores")
        var likeliest = 0
        for token in 0..<count {
            if !scores[token].isFinite { return nil }
            if scores[token] > scores[likeliest] { likeliest = token }
        }
        if temperature == 0 || topK == 1 { return likeliest }
        choose(scores, count)
        weights.removeAll(keepingCapacity: true)
        // The largest exponent is 0 then, however small the temperature is.
        for token in candidates { weights.append((scores[Int(token)] - scores[likeliest]) / temperature) }
        weights.withUnsafeMutableBufferPointer { weights in
            guard let first = weights.baseAddress else { return }
            softmax(first, rows: 1, columns: weights.count, logarithm: false, into: first)
        }
        return Int(candidates[draw(at: place)])
    }

    /// Makes ``candidates`` the tokens that are drawn from: all in order, or the likeliest first.
    private mutating func choose(_ scores: UnsafePointer<Float>, _ count: Int) {
        candidates.removeAll(keepingCapacity: true)
        guard let topK, topK < count else {
            candidates.append(contentsOf: 0..<Int32(count))
            return
        }
        for token in 0..<Int32(count) {
            if candidates.count == topK {
                if scores[Int(token)] <= scores[Int(candidates[topK - 1])] { continue }
                candidates.removeLast()
            }
            var place = candidates.count
            candidates.append(token)
            while place > 0, scores[Int(candidates[place - 1])] < scores[Int(token)] {
                candidates.swapAt(place, place - 1)
                place -= 1
            }
        }
    }

    /// A place of ``weights``, each with its share of their sum.
    private func draw(at place: Int) -> Int {
        let words = key.block(at: UInt64(place))
        let share = Double(UInt64(words[0]) << 20 | UInt64(words[1]) >> 12) * 0x1p-52
        let total = weights.reduce(0.0) { $0 + Double($1) }
        var sum = 0.0
        var last = 0
        for (index, weight) in weights.enumerated() where weight > 0 {
            sum += Double(weight)
            last = index
            if sum > share * total { break }
        }
        return last
    }
}
