import Autograd
import DataParallel
import Foundation
import Synchronization
import TestSupport
import Testing
import Training

extension ActivityTests {
    @Suite("DeferredUpdate", .timeLimit(.minutes(1)))
    struct DeferredUpdateTests {
        /// Four trainable parameters of 16 floats, in the order of use, and a statistic.
        private let layout = ModelLayout(
            (0..<5).map {
                Parameter(
                    index: $0, name: "p\($0)", shape: [16], role: $0 < 4 ? .weight : .statistic(momentum: 0.1),
                    initializer: .zeros)
            })

        /// One bucket a parameter.
        private func arrivals(of result: FlatBuffer) -> SumArrivals {
            SumArrivals(buckets: (0..<5).map { 16 * $0..<16 * ($0 + 1) }, result: result.pointer)
        }

        private func bucket(of parameter: Int) -> Int { layout.offsets[parameter] / 16 }

        @Test("a parameter waits for its own sum alone, and is updated once, whoever asks")
        func updatesOnce() throws {
            let deferred = DeferredUpdate(layout: GradientLayout(layout, .all(layout)))
            for step in 0..<50 {
                let sums = FlatBuffer(count: 80)
                let arrivals = arrivals(of: sums)
                let arrive: (Int) -> Void = {
                    sums.pointer[layout.offsets[$0]] = Float(layout.offsets[$0])
                    arrivals.hasArrived(bucket(of: $0))
                }
                let updated = Mutex([Range<Int>]())
                deferred.begin(step: step, arrivals) { range, gradients in
                    #expect(gradients[range.lowerBound] == Float(range.lowerBound))
                    updated.withLock { $0.append(range) }
                }
                arrive(0)
                deferred.bringUpToDate(layout.parameters[0])  // returns though no other sum is there
                #expect(updated.withLock { $0 } == [layout.offsets[0]..<layout.offsets[0] + 16])
                let threads = DispatchGroup()
                for _ in 0..<3 {
                    DispatchQueue.global().async(group: threads) { [layout] in
                        for parameter in layout.parameters { deferred.bringUpToDate(parameter) }
                    }
                }
                for parameter in 1..<5 { arrive(parameter) }
                threads.wait()
                try deferred.settle()
                #expect(updated.withLock { Set($0) }.count == 4 && updated.withLock { $0.count } == 4)
            }
        }

        @Test(
            "a sum that is not finite leaves its parameter and those after it alone, and is named",
            arguments: [Float.nan, .infinity])
        func nonFinite(value: Float) throws {
            let sums = FlatBuffer(count: 80)
            sums.pointer[layout.offsets[1] + 15] = value
            let arrivals = arrivals(of: sums)
            for bucket in 0..<5 { arrivals.hasArrived(bucket) }
            let updated = Mutex([Int]())
            let deferred = DeferredUpdate(layout: GradientLayout(layout, .all(layout)))
            deferred.begin(step: 6, arrivals) { range, _ in updated.withLock { $0.append(range.lowerBound) } }
            let error = #expect(throws: DeferredUpdate.NonFiniteGradient.self) { try deferred.settle() }
            #expect(error?.step == 6 && error?.parameter == "p1")
            #expect(updated.withLock { $0 } == [layout.offsets[0]])
        }

        @Test("sums that will not come end the wait with the cause")
        func failure() {
            let sums = FlatBuffer(count: 80)
            let arrivals = arrivals(of: sums)
            let deferred = DeferredUpdate(layout: GradientLayout(layout, .all(layout)))
            deferred.begin(step: 0, arrivals) { _, _ in Issue.record("an update without a sum") }
            DispatchQueue.global().async { arrivals.fail(DataParallelError.stepCancelled(rank: 3)) }
            #expect(throws: DataParallelError.stepCancelled(rank: 3)) { try deferred.settle() }
        }
    }
}
