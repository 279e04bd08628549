import ConfigurationReading

/// How gradients change the weights.
package struct OptimizerConfiguration: Equatable, Sendable {
    package let rule: UpdateRule
    /// The rate before the schedule changes it.
    package let learningRate: Double
    /// L2 penalty; with `adamw` decoupled from the gradient.
    package let weightDecay: Double
    /// Exceptions for some parameters; the first group that matches a parameter holds.
    package let groups: [ParameterGroup]

    /// The rule with its own hyper-parameters.
    package enum UpdateRule: Equatable, Sendable {
        /// v = momentum·v + g; Θ = Θ − rate·v, or with `nesterov` Θ − rate·(g + momentum·v).
        case sgd(momentum: Double, nesterov: Bool)
        /// Kingma and Ba 2015; `decoupled` decay is AdamW (Loshchilov and Hutter 2019).
        case adam(beta1: Double, beta2: Double, epsilon: Double, decoupled: Bool)
        /// Tieleman and Hinton 2012.
        case rmsprop(decay: Double, epsilon: Double, momentum: Double)
        /// Duchi, Hazan and Singer 2011.
        case adagrad(epsilon: Double)
        /// Zeiler 2012.
        case adadelta(decay: Double, epsilon: Double)
        /// Riedmiller and Braun 1993; for full batches.
        case rprop(decrease: Double, increase: Double, minimumStep: Double, maximumStep: Double)
    }
}

extension OptimizerConfiguration: ConfigurationSection {
    package static var title: String { "optimizer" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) {
        rule = reader.tagged(by: "name", UpdateRule.variants, "Which update rule.")
        learningRate = reader.required("learningRate", .number(above: 0), "The rate before the schedule changes it.")
        weightDecay = reader.value(
            "weightDecay", .number(in: 0...), default: 0, "L2 penalty; `adamw` applies it apart from the gradient.")
        groups = reader.value(
            "groups", .list(of: .section()), default: [],
            "Exceptions for some parameters; the first that matches holds.")
    }
}

extension OptimizerConfiguration.UpdateRule {
    /// Every rule by name, with the keys that belong to it.
    fileprivate static var variants: [Variant] { gradientDescent + adaptive }

    fileprivate typealias Variant = ConfigurationVariant<OptimizerConfiguration.UpdateRule>

    private static var gradientDescent: [Variant] {
        [
            descent("sgd", "Stochastic gradient descent, with momentum if given.", momentum: 0, nesterov: false),
            descent("momentum", "The same with momentum 0.9.", momentum: 0.9, nesterov: false),
            descent("nesterov", "The same with Nesterov's momentum 0.9.", momentum: 0.9, nesterov: true),
        ]
    }

    private static func descent(_ name: String, _ documentation: String, momentum: Double, nesterov: Bool) -> Variant {
        .named(name, documentation) { reader in
            .sgd(
                momentum: reader.value(
                    "momentum", .number(in: 0..<1), default: ConfigurationNode(floatLiteral: momentum),
                    "Share of the last step that is kept."),
                nesterov: reader.value(
                    "nesterov", .flag, default: ConfigurationNode(booleanLiteral: nesterov),
                    "Whether the gradient looks ahead by the momentum."))
        }
    }

    private static var adaptive: [Variant] {
        [
            .named("adam", "Adam.") { adam(from: $0, decoupled: false) },
            .named("adamw", "Adam with decoupled weight decay.") { adam(from: $0, decoupled: true) },
            .named("rmsprop", "RMSprop.") { reader in
                .rmsprop(
                    decay: reader.value(
                        "decay", .number(in: 0..<1), default: 0.99, "Share of the mean square that is kept."),
                    epsilon: epsilon(from: reader, default: 1e-8),
                    momentum: reader.value(
                        "momentum", .number(in: 0..<1), default: 0, "Share of the last step that is kept."))
            },
            .named("adagrad", "Adagrad.") { .adagrad(epsilon: epsilon(from: $0, default: 1e-10)) },
            .named("adadelta", "Adadelta; a learningRate of 1 is Zeiler's rule.") { reader in
                .adadelta(
                    decay: reader.value(
                        "decay", .number(in: 0..<1), default: 0.9, "Share of the mean squares that is kept."),
                    epsilon: epsilon(from: reader, default: 1e-6))
            },
            .named("rprop", "Rprop, for batches of the whole set; learningRate is the first step.") { reader in
                .rprop(
                    decrease: reader.value(
                        "decrease", .number(in: 0..<1), default: 0.5, "Factor of the step when the sign changes."),
                    increase: reader.value(
                        "increase", .number(above: 1), default: 1.2, "Factor of the step when the sign stays."),
                    minimumStep: reader.value("minimumStep", .number(above: 0), default: 1e-6, "The smallest step."),
                    maximumStep: reader.value("maximumStep", .number(above: 0), default: 50, "The largest step."))
            },
        ]
    }

    private static func adam(from reader: ConfigurationReader, decoupled: Bool) -> Self {
        .adam(
            beta1: reader.value("beta1", .number(in: 0..<1), default: 0.9, "Share of the mean gradient that is kept."),
            beta2: reader.value("beta2", .number(in: 0..<1), default: 0.999, "Share of the mean square that is kept."),
            epsilon: epsilon(from: reader, default: 1e-8), decoupled: decoupled)
    }

    private static func epsilon(from reader: ConfigurationReader, default fallback: ConfigurationNode) -> Double {
        reader.value("epsilon", .number(above: 0), default: fallback, "Added to the denominator.")
    }
}
