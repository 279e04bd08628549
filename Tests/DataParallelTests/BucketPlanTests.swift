import DataParallel
import Testing

@Suite("BucketPlan")
struct BucketPlanTests {
    @Test("buckets cover the vector exactly, at whole cache lines, and none is tiny")
    func bucketsCover() {
        for lines in [0, 1, 2, 3, 7, 64, 100, 1023] {
            for (first, size) in [(1, 1), (64, 64), (64, 256), (256, 1024), (1000, 4000), (1 << 20, 4 << 20)] {
                let ranges = BucketPlan(count: 16 * lines, firstBytes: first, bucketBytes: size).ranges
                #expect(ranges.flatMap { Array($0) } == Array(0..<16 * lines))
                #expect(ranges.allSatisfy { $0.lowerBound % 16 == 0 && !$0.isEmpty })
                let nominal = ranges.indices.map { max(16, ($0 == 0 ? first : size) / 64 * 16) }
                for index in ranges.indices.dropLast() { #expect(ranges[index].count == nominal[index]) }
                if ranges.count > 1 {
                    let last = ranges.count - 1
                    let allowed = nominal[last - 1] / 2..<nominal[last] * 3 / 2
                    #expect(allowed.contains(ranges[last].count))
                }
            }
        }
    }

    @Test("by default the first bucket has 1 MiB and the others 2")
    func defaultSizes() {
        let sizes = BucketPlan(count: 3 << 20).ranges.map { $0.count * 4 }
        let mebibytes = sizes.map { $0 >> 20 }
        #expect(mebibytes == [1, 2, 2, 2, 2, 2, 1])
    }

    @Test("slices cover a bucket in order, at whole cache lines, and differ by at most one line")
    func slicesCover() {
        for lines in 0...40 {
            for parts in 1...9 {
                let bucket = 48..<48 + 16 * lines
                let slices = (0..<parts).map { BucketPlan.slice(of: bucket, part: $0, of: parts) }
                #expect(slices.flatMap { Array($0) } == Array(bucket))
                let sizes = [lines / parts * 16, (lines + parts - 1) / parts * 16]
                for slice in slices { #expect(slice.lowerBound % 16 == 0 && sizes.contains(slice.count)) }
            }
        }
    }
}
