/// One worker's own batch, filled on the worker's thread whenever it asks, in any order of steps and grains.
///
/// Evaluation uses it: nobody waits for anybody, and a worker can go through the parts of a grain one by one. In the
/// steady state nothing is allocated.
package final class BatchReader {
    private let filler: BatchFiller
    private let batch: Batch

    package init(_ source: BatchSource) {
        filler = BatchFiller(source)
        batch = source.makeBatch()
    }

    /// The samples of (`step`, `grain`), valid until the next call; throws what reading them threw.
    package func read(step: Int, grain: Int) throws -> Batch {
        try filler.fill(batch, step: step, grain: grain)
        return batch
    }
}
