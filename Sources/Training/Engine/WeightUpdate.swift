import DataParallel
import Kernels
import Optimization
import System

/// What an update does to a training state, apart from who does which part of it when.
struct WeightUpdate: Sendable {
    /// The phase's, which says how an update may be divided.
    let optimizer: Optimizer
    /// Measures pieces of the weights, all before `change` is called for one that they belong to; called for disjoint
    /// pieces, by several threads. Nil where the rule needs no norms.
    let measure: (@Sendable (_ pieces: Range<Int>, _ gradients: UnsafePointer<Float>) -> Void)?
    /// What `measure` has written.
    let measured: @Sendable () -> UnsafeMutableBufferPointer<SquareSums>
    /// Changes weights and slots in a range of the phase's compact coordinates; called for disjoint ranges, by several
    /// threads.
    var change: @Sendable (_ range: Range<Int>, _ gradients: UnsafePointer<Float>) -> Void
    /// Writes the weights of a range to their places in the flat vector.
    let publish: @Sendable (_ range: Range<Int>, _ vector: UnsafeMutablePointer<Float>) -> Void
    /// Takes the new weights of a range, which another rank has computed, from the flat vector.
    let adopt: @Sendable (_ range: Range<Int>, _ vector: UnsafePointer<Float>) -> Void
}

extension TrainingState {
    /// An update of a phase's weights.
    ///
    /// - Parameters:
    ///   - weight: what the summed gradients are divided by.
    ///   - norm: of the mean gradient, where gradients are clipped by it.
    ///   - ownStep: the phase's own finished steps.
    ///   - hasher: what hashes the new state on the way; nil where nobody asks.
    func weightUpdate(
        phase: Int, weight: Double, norm: Double?, learningRate: Double, ownStep: Int, hasher: ReplicaHasher?
    ) -> WeightUpdate {
        nonisolated(unsafe) let state = self
        let optimizer = phases[phase].optimizer
        @Sendable func hashing(_ range: Range<Int>, _ change: (Range<Int>) -> Void) {
            Timeline.span(.update) { if let hasher { hasher.changing(range, change) } else { change(range) } }
        }
        let measure: @Sendable (Range<Int>, UnsafePointer<Float>) -> Void = { pieces, gradients in
            state.measure(
                phase: phase, pieces, gradients: gradients, weight: weight, norm: norm, learningRate: learningRate,
                ownStep: ownStep)
        }
        return WeightUpdate(
            optimizer: optimizer, measure: optimizer.pieceCount > 0 ? measure : nil,
            measured: { state.measured(phase: phase) },
            change: { range, gradients in
                hashing(range) { part in
                    state.update(
                        phase: phase, part, gradients: gradients, weight: weight, norm: norm,
                        learningRate: learningRate, ownStep: ownStep)
                }
            },
            publish: { range, vector in state.publish(phase: phase, range, into: vector) },
            adopt: { range, vector in
                hashing(range) { part in state.adopt(phase: phase, part, from: vector, ownStep: ownStep) }
            })
    }
}
