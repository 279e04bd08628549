import System
import TensorCore

/// Why a list of layers is no model.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// A window is larger than its padded input.
    case doesNotFit(layer: String, input: Shape, window: String)
    case wrongRank(layer: String, input: Shape, expected: String)
    case groups(layer: String, groups: Int, inputChannels: Int, outputChannels: Int)
    case branchesDiffer(layer: String, Shape, Shape)
    case duplicateName(String)
    /// A name in `from`, `share` or `of` that no node has.
    case unknownNode(layer: String, name: String, known: [String])
    /// A name that no layer of a whole model has.
    case unknownLayer(model: String, name: String, known: [String])
    /// A layer that reads more or fewer values than it can.
    case inputCount(layer: String, count: Int, expected: String)
    /// A layer that would use another's parameter in another shape; `Shape` is nil where that one has no such
    /// parameter.
    case sharedShape(parameter: String, Shape?, Shape)
    /// A parameter, or one sample's output, with more values than 32-bit indices reach; `extents` are its shape.
    case tooLarge(layer: String, extents: [Int])
    /// A vector of so many values is no image of that shape.
    case otherCount(layer: String, input: Shape, shape: Shape)
    /// A layer that tells tokens apart and reads something else.
    case noVocabulary(layer: String, input: String)
    /// A layer that tells fewer tokens apart than there are.
    case smallVocabulary(layer: String, chosen: Int, needed: Int)
    /// A layer that can't work as it is described; the reason ends with what to do.
    case refused(layer: String, because: String)
    /// A layer that mixes the steps of sequences that are not equally long, and would read what pads them.
    case varyingLength(layer: String, input: String)
    /// A layer that joins sequences of different inputs, whose lengths have nothing to do with each other.
    case otherLengths(layer: String, inputs: [String])
    /// A hidden layer whose units all begin equal.
    case equalUnits(layer: String)
    case empty

    package var description: String {
        switch self {
        case .doesNotFit(let layer, let input, let window):
            return "layer \(layer): a window of \(window) does not fit its input \(input); "
                + "use a smaller kernel, more padding or fewer pooling layers before it"
        case .wrongRank(let layer, let input, let expected):
            return "layer \(layer): its input has shape \(input), but it takes \(expected)"
                + remedy(input, expected)
        case .groups(let layer, let groups, let i, let o):
            return "layer \(layer): \(groups) groups do not divide \(i) input and \(o) output channels; "
                + "choose a divisor of both"
        case .branchesDiffer(let layer, let a, let b):
            return "layer \(layer): branches of shapes \(a) and \(b) can't be joined; "
                + "give both the same strides and paddings (and, to add them, filters)"
        case .duplicateName(let name):
            return "two parameters are named \(name); give the layers different names"
        case .unknownNode(let layer, let name, let known):
            let nearest = nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            return "\(layer): nothing before it is named '\(name)'\(nearest); "
                + "there are: \(known.joined(separator: ", "))"
        case .unknownLayer(let model, let name, let known):
            let nearest = nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            return "\(model): no layer is named '\(name)'\(nearest); there are: \(known.joined(separator: ", "))"
        case .inputCount(let layer, let count, let expected):
            return "layer \(layer): it is given \(count) values, but it takes \(expected); change its `from`"
        case .sharedShape(let parameter, let there, let here):
            return "\(parameter) has shape \(there?.description ?? "none") and would be used as \(here); "
                + "layers can share parameters only where their inputs have the same shape"
        case .tooLarge(let layer, let extents):
            return "layer \(layer): \(extents.map(String.init).joined(separator: " × ")) values are more than "
                + "\(Int32.max); make the layer smaller"
        case .otherCount(let layer, let input, let shape):
            return "layer \(layer): its input has shape \(input), which is no vector of the \(shape.count) values of "
                + "\(shape); give the layer before it \(shape.count) outputs"
        case .noVocabulary(let layer, let input):
            return "layer \(layer): it reads '\(input)', which is no input of tokens or classes; let it read one, with "
                + "`from` where it is not the first"
        case .smallVocabulary(let layer, let chosen, let needed):
            return "layer \(layer): a vocabulary of \(chosen) is less than the \(needed) of its input; give at least "
                + "\(needed), or leave `vocabulary` out"
        case .refused(let layer, let reason): return "layer \(layer): \(reason)"
        case .varyingLength(let layer, let input):
            return
                "layer \(layer): it would read what pads the shorter sequences of \(input); put a layer before it that "
                + "ends the steps, such as `lstm` with `returns: last` or `globalAveragePool`"
        case .otherLengths(let layer, let inputs):
            return
                "layer \(layer): \(inputs.joined(separator: " and ")) have sequences whose lengths differ; join them "
                + "where they have no steps any more, behind `returns: last` or `globalAveragePool`"
        case .equalUnits(let layer):
            return "layer \(layer): all its units begin equal, compute the same thing and get the same gradient, so "
                + "they never differ; use heNormal or another random initializer, or `demonstrate: symmetry` to see it"
        case .empty:
            return "the model has no layers; list at least one under `layers`"
        }
    }

    private func remedy(_ input: Shape, _ expected: String) -> String {
        if expected.hasPrefix("a vector") { return "; put `flatten` before it" }
        if input.rank == 4 { return "; `groupPool` makes an image of a value of `groupConv`" }
        return "; `unflatten` makes one of a vector"
    }
}
