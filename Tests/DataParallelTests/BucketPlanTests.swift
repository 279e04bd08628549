import DataParallel
import Testing

@Suite("BucketPlan")
struct BucketPlanTests {
    @Test("buckets cover the vector exactly, at whole cache lines, and none is tiny")
    func bucketsCover() {
        for lines in [0, 1, 2, 3, 7, 64, 100, 1023] {
            for size in [1, 64, 256, 1024, 4000, 4 << 20] {
                let ranges = BucketPlan(count: 16 * lines, bucketBytes: size).ranges
                #expect(ranges.flatMap { Array($0) } == Array(0..<16 * lines))
                #expect(ranges.allSatisfy { $0.lowerBound % 16 == 0 && !$0.isEmpty })
                let nominal = max(16, size / 64 * 16)
                for range in ranges.dropLast() { #expect(range.count == nominal) }
                if ranges.count > 1, let last = ranges.last {
                    #expect((nominal / 2..<nominal * 3 / 2).contains(last.count))
                }
            }
        }
    }

    @Test("a rank's slice of a bucket has 256 KiB, of a bucket of at most 4 MiB, and there are at most 8,192 buckets")
    func sizesForRanks() {
        let kibibytes = { BucketPlan(count: $0, ranks: $1).ranges.first.map { $0.count >> 8 } }
        #expect(kibibytes(3 << 20, 2) == 512)
        #expect(kibibytes(3 << 20, 5) == 1280)
        #expect(kibibytes(3 << 20, 64) == 4096)
        #expect(BucketPlan(count: 1 << 32, ranks: 2).ranges.count == 8192)
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
