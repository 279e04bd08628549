/// Σ f(i) for i in 0..<count, in an order that depends on `count` alone.
///
/// Term i goes to lane i mod 16; 64 terms of each lane are added one after another, then the blocks' sums, then the
/// lanes. So rounding errors grow with count / 1024 + 64 instead of with count, and the lanes are independent work.
@inlinable @inline(__always)
package func laneSum(count: Int, _ f: (Int) -> Float) -> Float {
    var total = Vector.zero
    var i = 0
    while i + 16 <= count {
        let end = min(i + 1024, count & ~15)
        var block = Vector.zero
        while i < end {
            var terms = Vector.zero
            for lane in 0..<16 { terms[lane] = f(i + lane) }
            block += terms
            i += 16
        }
        total += block
    }
    var tail = Vector.zero
    for lane in 0..<count - i { tail[lane] = f(i + lane) }
    return (total + tail).laneSum
}
