/// A classifier half way up a network, whose loss helps the layers below it to learn; Szegedy et al. 2015, section 5.
///
/// In training each loss on the model's result is taken on the head too, against the same target, with the head's
/// weight; `SupervisedSpecification` adds these terms. Evaluation, `predict` and everything else that asks for the
/// result alone compute nothing of a head, because no node of the result depends on it. Its parameters are the model's
/// as all others are: they are saved with the weights, and a file for a model with heads has them.
package struct AuxiliaryHead: Equatable, Sendable {
    /// The node that gives its value.
    package let name: String
    /// What its losses are multiplied by, beside their own weights.
    package let weight: Float

    package init(name: String, weight: Float) {
        self.name = name
        self.weight = weight
    }
}
