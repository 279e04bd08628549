import ConfigurationReading

package typealias UpdateRuleEntry = CatalogueEntry<any UpdateRule>

/// Every update rule that a configuration can name, a line each; the reference lists them in this order.
package let updateRuleCatalogue: [UpdateRuleEntry] =
    [SGD.entry]
    + Momentum.entries
    + Adam.entries
    + [
        Adamax.entry,
        RMSprop.entry,
        Adagrad.entry,
        Adadelta.entry,
        Rprop.entry,
        LARS.entry,
        LAMB.entry,
    ]

extension UpdateRule {
    /// Whether `other` is the same rule with the same hyper-parameters.
    package func isEqual(to other: any UpdateRule) -> Bool { (other as? Self) == self }
}

extension ConfigurationReader {
    /// The key of a rule that divides by a root.
    func epsilon(default fallback: ConfigurationNode) -> Double {
        value("epsilon", .number(above: 0), default: fallback, "Added to the denominator.")
    }
}
