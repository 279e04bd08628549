import Kernels
import Synchronization

/// Samples that lie in shards, which are quick to read one after the other.
package protocol ShardedSamples: Sendable {
    /// Of how many samples that are read one after the other the order is shuffled.
    var window: Int { get }
    /// Where a sample lies; places in a shard need only be in order.
    func place(of sourceIndex: Int) -> (shard: Int, place: Int)
}

/// The plan of training on samples in shards: every epoch visits each of N samples once, shard by shard.
///
/// The shards come in an order of the epoch's own, and inside of a shard the samples as they lie there. Of this stream
/// W samples at a time are shuffled. Batches and grains are cut from it as by ``BatchPlan``. So the order is a function
/// of the key, the epoch and the samples, whoever reads them, and any step can be the first: nothing has to be read
/// before. Four bytes a sample.
package struct ShardPlan: GrainPlan {
    private let batches: BatchPlan
    private let layout: ShardLayout
    private let shuffleKey: RandomKey
    private let epochs: RecentEpochs

    /// - Parameters:
    ///   - dataset: a view of `shards`' samples.
    ///   - key: the run's root key.
    package init(
        _ dataset: any Dataset, shards: any ShardedSamples, batchSize: Int, grainSize: Int, key: RandomKey
    ) {
        batches = BatchPlan(sampleCount: dataset.count, batchSize: batchSize, grainSize: grainSize, key: key)
        layout = ShardLayout(dataset, shards)
        shuffleKey = key.folding(.shuffle).folding(name: "shards")
        epochs = RecentEpochs()
    }

    package var grainsPerStep: Int { batches.grainsPerStep }
    package var stepsPerEpoch: Int { batches.stepsPerEpoch }
    package var largestGrain: Int { batches.largestGrain }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        let (epoch, stepInEpoch) = position(ofStep: step)
        let inBatch = batches.positionsInBatch(step: step, grain: grain)
        let first = stepInEpoch * batches.batchSize
        let order = epochs.order(ofEpoch: epoch) { StreamOrder(layout, key: shuffleKey.folding(epoch)) }
        return GrainSamples(
            epoch: epoch, positions: first + inBatch.lowerBound..<first + inBatch.upperBound, streamed: order)
    }
}

/// The orders of the last epochs that were asked for, so that a grain need not lay out its epoch again.
private final class RecentEpochs: Sendable {
    private let orders = Mutex<[(epoch: Int, order: StreamOrder)]>([])
    /// Grains of two epochs may be prepared at once.
    private static let kept = 2

    func order(ofEpoch epoch: Int, _ make: () -> StreamOrder) -> StreamOrder {
        orders.withLock { orders in
            if let known = orders.first(where: { $0.epoch == epoch }) { return known.order }
            if orders.count == RecentEpochs.kept { orders.removeFirst() }
            let order = make()
            orders.append((epoch, order))
            return order
        }
    }
}

/// Which samples of a view each shard holds.
final class ShardLayout: Sendable {
    /// Indices in the view, shard by shard, in a shard as they lie there.
    let indices: [Int32]
    /// Where each shard that holds some begins, and the number of all.
    let starts: [Int]
    let window: Int

    init(_ dataset: any Dataset, _ shards: any ShardedSamples) {
        precondition(dataset.count <= Int32.max, "ShardLayout: \(dataset.count) samples")
        let places = (0..<dataset.count).map { shards.place(of: dataset.sourceIndex(of: $0)) }
        let order = places.indices.sorted { places[$0] < places[$1] }
        var starts: [Int] = []
        for (position, index) in order.enumerated()
        where position == 0 || places[order[position - 1]].shard != places[index].shard {
            starts.append(position)
        }
        indices = order.map(Int32.init)
        self.starts = starts + [order.count]
        window = max(shards.window, 1)
    }
}

/// The order in which an epoch reads shards.
final class StreamOrder: Sendable {
    private let layout: ShardLayout
    private let key: RandomKey
    /// The shards in the epoch's order, and where each of them begins in the stream.
    private let shards: [Int32]
    private let starts: [Int]

    init(_ layout: ShardLayout, key: RandomKey) {
        self.layout = layout
        self.key = key
        let order = EpochOrder(count: layout.starts.count - 1, key: key)
        shards = (0..<order.count).map { Int32(order[$0]) }
        var (starts, end): ([Int], Int) = ([], 0)
        for shard in shards {
            starts.append(end)
            end += layout.starts[Int(shard) + 1] - layout.starts[Int(shard)]
        }
        self.starts = starts
    }

    /// The sample's index in the view.
    subscript(position: Int) -> Int {
        let (window, place) = position.quotientAndRemainder(dividingBy: layout.window)
        let first = window * layout.window
        let size = min(layout.window, layout.indices.count - first)
        let streamed = first + EpochOrder(count: size, key: key.folding(1).folding(window))[place]
        // The last shard that begins at or before it.
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= streamed { low = middle } else { high = middle }
        }
        return Int(layout.indices[layout.starts[Int(shards[low])] + streamed - starts[low]])
    }
}
