import Autograd
import DataParallel
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import Training

LinearAlgebraLibrary.useOneThread()
let name = CommandLine.arguments[1], batch = Int(CommandLine.arguments[2])!, grain = Int(CommandLine.arguments[3])!, threads = Int(CommandLine.arguments[4])!, steps = Int(CommandLine.arguments[5])!
let zoo = ZooModel(rawValue: name)!
let model = try Model(name: name, input: zoo.inputShape, layers: zoo.layers())
let values = FlatBuffer(count: model.layout.count)
model.layout.initialize(values, key: RandomKey(seed: 1))
let pool = WorkerPool(count: threads)
let assignment = GrainAssignment(grainCount: (batch + grain - 1) / grain, worldSize: 1)
let reducer = GradientReducer(assignment: assignment, rank: 0, count: Replica.vectorCount(model), reduction: LocalReduction())
let replica = Replica(model: model, values: values, pool: pool, reducer: reducer)
let storage = FlatBuffer(count: batch * model.inputShape.count)
for i in 0..<storage.count { storage.pointer[i] = RandomKey(seed: 3).uniform(at: UInt64(i)) * 2 - 1 }
let labels = (0..<batch).map { Int32($0 % 10) }
print(model.layout.trainableParameterCount, "parameters", LinearAlgebraLibrary.coreName)
let momentum = FlatBuffer(count: model.layout.count)
var times: [Double] = []
for step in 0..<steps + 3 {
    let t = Clock.seconds
    let sums = try replica.step(SupervisedObjective(.crossEntropy(labelSmoothing: 0)), key: RandomKey(seed: 1).folding(step)) { g, body in
        let inputs = Tensor(storage: Storage(borrowing: storage.pointer + g * grain * model.inputShape.count, count: grain * model.inputShape.count, owner: storage), shape: model.inputShape.batched(grain))
        try body(Samples(inputs: inputs, labels: Array(labels[g * grain..<(g + 1) * grain])))
    }
    let n = model.layout.trainableCount, w = values.pointer, v = momentum.pointer, g = sums.vector
    for i in 0..<n { v[i] = 0.9 * v[i] + g[i] / Float(batch) + 5e-4 * w[i]; w[i] -= 0.01 * v[i] }
    model.updateStatistics(values, sums: sums.vector, samples: Float(batch))
    times.append(Clock.seconds - t)
    if step == 0 || step == steps + 2 { print("loss", sums.tally.meanLoss, replica.memoryStatistics) }
}
let sorted = times.dropFirst(3).sorted()
let median = sorted[sorted.count / 2]
print("\(Double(batch) / median) samples/s, \(median * 1e3) ms/step")
