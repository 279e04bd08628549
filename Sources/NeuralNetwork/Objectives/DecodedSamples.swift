import Autograd
import TensorCore

/// The decoder of a variational autoencoder: pictures from codes that are drawn from N(0, 1) instead of an encoder's
/// distributions (Kingma and Welling 2014).
struct DecodedSamples: LatentSampleMaker {
    let made: FieldDescription
    let latent: Shape
    /// From the code to what the loss compares with pictures.
    let plan: GraphPlan
    let loss: any Loss

    func samples(from latent: Variable, of numbers: [Int]) -> Variable {
        let output = loss.estimate(plan([latent], mode: .evaluation)[0])
        return output.shape.rank == made.shape.rank + 1 ? output : unflatten(output, into: made.shape)
    }
}

extension SupervisedObjective {
    /// A model makes samples where its losses bring a code near N(0, 1) (`gaussianKL`) that one layer `normalSample`
    /// draws, and make pictures from that alone.
    package var sampleMaker: (any SampleMaker)? {
        let codes = model.nodes.indices.filter { model.nodes[$0].kind == "normalSample" }
        guard let likeness, let code = codes.first, codes.count == 1,
            terms.contains(where: { $0.bound.loss is GaussianKLLoss })
        else { return nil }
        let output = evaluatedNodes[likeness.place]
        let isNeeded = GraphNode.needed(model.nodes, for: [output], given: [code])
        let readsInputs = model.nodes.indices.contains { isNeeded[$0] && model.nodes[$0].layer == nil }
        guard isNeeded[code], !readsInputs else { return nil }
        return DecodedSamples(
            made: likeness.field, latent: model.nodes[code].shape,
            plan: GraphPlan(model.nodes, wanted: [output], given: [code]), loss: likeness.loss)
    }
}
