import ConfigurationReading
import DataParallel

/// How ranks share what they learn and remember.
struct CommunicationConfiguration: ConfigurationSection, Equatable {
    static var title: String { "communication" }

    /// The numbers in which gradients travel between hosts.
    let wire: GradientWire
    let shardOptimizer: OptimizerSharding

    init(from reader: ConfigurationReader) {
        wire = reader.value(
            "wire", .choice(of: GradientWire.self), default: "float32",
            "Numbers of a message; bfloat16 halves the bytes and leaves the bit contract: the weights depend on the "
                + "ranks."
        )
        shardOptimizer = reader.value(
            "shardOptimizer", .choice(of: OptimizerSharding.self), default: "auto", influencesWeights: false,
            "Whether each rank has the optimizer's state of some weights alone and updates them for all (ZeRO, stage "
                + "1): the same weights, and the state's memory divided by the ranks; auto where it pays.")
        if wire == .bfloat16, shardOptimizer == .always {
            reader.refuse(
                "shardOptimizer",
                because: "`wire: bfloat16` would shorten the weights that travel in place of gradients; take one of "
                    + "the two out.")
        }
    }
}

/// Whether ranks share the optimiser's state and the update, as far as the user says.
package enum OptimizerSharding: String, CaseIterable, Sendable {
    /// Where it pays.
    case auto
    /// With more than one rank.
    case always
    /// Every rank has all of the state and makes the whole update.
    case never
}
