/// The heads of an attention between neighbouring rows, each with so many features; a row has them one after another.
package struct AttentionHeads {
    package let count: Int
    package let features: Int
    /// The slope of the leaky rectifier for negative scores.
    package let slope: Float

    package init(count: Int, features: Int, slope: Float) {
        self.count = count
        self.features = features
        self.slope = slope
    }

    /// The numbers of a row.
    package var width: Int { count * features }
}

extension NeighbourRows {
    /// How many pairs of a row and what it attends to there are: its neighbours and itself.
    package var attendedCount: Int { edgeCount + count }

    /// Calls `body` with each pair of a row: its number among all, and the row attended to; itself first.
    @inline(__always)
    func forEachAttended(_ row: Int, _ body: (_ pair: Int, _ source: Int) -> Void) {
        let places = range(row)
        var pair = places.lowerBound + row
        body(pair, row)
        for place in places {
            pair += 1
            body(pair, Int(sources[place]))
        }
    }
}

/// s[i, h] = Σ_f x[i, h, f] a[h, f].
package func headProducts(
    _ x: UnsafePointer<Float>, rows: Int, _ heads: AttentionHeads, _ a: UnsafePointer<Float>,
    into s: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        for head in 0..<heads.count {
            let (values, vector) = (x + row * heads.width + head * heads.features, a + head * heads.features)
            s[row * heads.count + head] = laneSum(count: heads.features) { values[$0] * vector[$0] }
        }
    }
}

/// What ``headProducts(_:rows:_:_:into:)`` sends back to x: dx[i, h, f] += ds[i, h] a[h, f].
package func headProductsGradient(
    _ ds: UnsafePointer<Float>, rows: Int, _ heads: AttentionHeads, _ a: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        for head in 0..<heads.count {
            let offset = head * heads.features
            addScaled(
                a + offset, by: ds[row * heads.count + head], into: dx + row * heads.width + offset,
                count: heads.features)
        }
    }
}

/// The same to a: da[h, f] += Σᵢ ds[i, h] x[i, h, f].
package func headVectorGradient(
    _ ds: UnsafePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, _ heads: AttentionHeads,
    into da: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        for head in 0..<heads.count {
            let offset = head * heads.features
            addScaled(
                x + row * heads.width + offset, by: ds[row * heads.count + head], into: da + offset,
                count: heads.features)
        }
    }
}

/// α[p, h] of each pair p of a row i and what it attends to, j: the softmax over j of leakyRelu(tᵢ + sⱼ); Veličković et
/// al. 2018, equation 3.
///
/// - Parameters:
///   - received: t, [rows with neighbours, heads].
///   - sent: s, [rows, heads].
package func attentionWeights(
    received t: UnsafePointer<Float>, sent s: UnsafePointer<Float>, _ heads: AttentionHeads, _ edges: NeighbourRows,
    into alpha: UnsafeMutablePointer<Float>
) {
    let n = heads.count
    for row in 0..<edges.count {
        let first = Int(edges.starts[row]) + row
        let pairs = edges.range(row).count + 1
        edges.forEachAttended(row) { pair, source in
            for head in 0..<n {
                let score = t[row * n + head] + s[source * n + head]
                alpha[pair * n + head] = score > 0 ? score : heads.slope * score
            }
        }
        let own = alpha + first * n
        for head in 0..<n {
            var largest = own[head]
            for pair in 1..<pairs where own[pair * n + head] > largest { largest = own[pair * n + head] }
            for pair in 0..<pairs { own[pair * n + head] -= largest }
        }
        map(UnsafePointer(own), into: own, count: pairs * n) { exponential($0) }
        for head in 0..<n {
            var sum: Float = 0
            for pair in 0..<pairs { sum += own[pair * n + head] }
            for pair in 0..<pairs { own[pair * n + head] /= sum }
        }
    }
}

/// The derivative of the scores tᵢ and sⱼ from that of α: dt[i, h] = Σⱼ de, ds[j, h] += de, where de is that of
/// tᵢ + sⱼ.
package func attentionWeightsGradient(
    _ alpha: UnsafePointer<Float>, _ dAlpha: UnsafePointer<Float>, received t: UnsafePointer<Float>,
    sent s: UnsafePointer<Float>, _ heads: AttentionHeads, _ edges: NeighbourRows,
    intoReceived dt: UnsafeMutablePointer<Float>, intoSent ds: UnsafeMutablePointer<Float>
) {
    let n = heads.count
    for row in 0..<edges.count {
        for head in 0..<n {
            var mean: Float = 0
            edges.forEachAttended(row) { pair, _ in mean += alpha[pair * n + head] * dAlpha[pair * n + head] }
            var total: Float = 0
            edges.forEachAttended(row) { pair, source in
                var de = alpha[pair * n + head] * (dAlpha[pair * n + head] - mean)
                if !(t[row * n + head] + s[source * n + head] > 0) { de *= heads.slope }
                total += de
                ds[source * n + head] += de
            }
            dt[row * n + head] = total
        }
    }
}

/// y[i, h] = Σⱼ α[i→j, h] x[j, h] over what row i attends to.
package func attendedSums(
    _ x: UnsafePointer<Float>, _ alpha: UnsafePointer<Float>, _ heads: AttentionHeads, _ edges: NeighbourRows,
    into y: UnsafeMutablePointer<Float>
) {
    let (n, size, width) = (heads.count, heads.features, heads.width)
    for row in 0..<edges.count {
        let sum = y + row * width
        sum.update(repeating: 0, count: width)
        edges.forEachAttended(row) { pair, source in
            for head in 0..<n {
                addScaled(
                    x + source * width + head * size, by: alpha[pair * n + head], into: sum + head * size, count: size)
            }
        }
    }
}

/// What ``attendedSums(_:_:_:_:into:)`` sends back: dα[i→j, h] = dy[i, h] · x[j, h], dx[j, h] += α[i→j, h] dy[i, h].
package func attendedSumsGradient(
    _ x: UnsafePointer<Float>, _ alpha: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ heads: AttentionHeads,
    _ edges: NeighbourRows, intoWeights dAlpha: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
    let (n, size, width) = (heads.count, heads.features, heads.width)
    for row in 0..<edges.count {
        edges.forEachAttended(row) { pair, source in
            for head in 0..<n {
                let (gradient, values) = (dy + row * width + head * size, x + source * width + head * size)
                dAlpha[pair * n + head] = laneSum(count: size) { gradient[$0] * values[$0] }
                addScaled(
                    gradient, by: alpha[pair * n + head], into: dx + source * width + head * size, count: size)
            }
        }
    }
}
