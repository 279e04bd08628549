import ConfigurationReading
import Optimization
import Testing

/// Reads a section of a configuration from one line of YAML.
func read<Value>(_ yaml: String, _ type: ConfigurationType<Value>) throws -> Value? {
    let context = ConfigurationContext(file: "run.yaml", environment: [:])
    let value = type.read(try ConfigurationNode.parse(yaml: yaml, context: context), "", context)?.value
    try context.throwProblems()
    return value
}

@Suite struct UpdateRuleCatalogueTests {
    /// The rule of `{name: …}`, as the optimizer section reads it.
    private func rule(_ keys: String) throws -> (any UpdateRule)? {
        let variants = updateRuleCatalogue.map { entry in
            ConfigurationVariant<any UpdateRule>.named(entry.name, entry.documentation) { entry.read($0) }
        }
        let type = ConfigurationType<any UpdateRule>.map(title: "optimizer", shortForm: .none) {
            $0.tagged(by: "name", variants, "")
        }
        return try read("{name: \(keys)}", type)
    }

    @Test(
        arguments: [
            ("sgd", SGD()), ("sgd, nesterov: true", SGD()), ("momentum, momentum: 0", SGD()),
            ("momentum", Momentum()), ("momentum, form: deck", Momentum(form: .deck)),
            ("sgd, momentum: 0.5, nesterov: true, form: deck", Momentum(momentum: 0.5, nesterov: true, form: .deck)),
            ("lars", LARS()), ("lars, momentum: 0, trust: 0.02", LARS(momentum: 0, trust: 0.02)),
            ("lamb", LAMB()),
            ("lamb, beta1: 0.8, beta2: 0.9, epsilon: 1e-8", LAMB(beta1: 0.8, beta2: 0.9, epsilon: 1e-8)),
            ("rprop, miniBatches: true", Rprop(miniBatches: true)),
            ("nesterov", Momentum(nesterov: true)),
            ("sgd, momentum: 0.5, nesterov: true", Momentum(momentum: 0.5, nesterov: true)),
            ("adam", Adam()), ("adamw, beta1: 0.8", Adam(beta1: 0.8, decouplesWeightDecay: true)),
            ("adam, beta2: 0.99, epsilon: 1e-6", Adam(beta2: 0.99, epsilon: 1e-6)),
            ("adamax", Adamax()),
            ("adamax, beta1: 0.8, beta2: 0.9, epsilon: 1e-6", Adamax(beta1: 0.8, beta2: 0.9, epsilon: 1e-6)),
            ("rmsprop", RMSprop()), ("rmsprop, momentum: 0.5, decay: 0.9", RMSprop(decay: 0.9, momentum: 0.5)),
            ("adagrad", Adagrad()), ("adadelta, decay: 0.8", Adadelta(decay: 0.8)), ("rprop", Rprop()),
            (
                "rprop, decrease: 0.25, increase: 2, minimumStep: 1, maximumStep: 3",
                Rprop(decrease: 0.25, increase: 2, minimumStep: 1, maximumStep: 3)
            ),
        ] as [(String, any UpdateRule)])
    func `every rule reads its own keys, with its own defaults`(keys: String, expected: any UpdateRule) throws {
        let rule = try #require(try rule(keys))
        #expect(rule.isEqual(to: expected), "\(rule)")
    }

    @Test func `every name is there once`() {
        let names = updateRuleCatalogue.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: [
        "momentum, momentum: 1", "adam, beta2: -0.1", "adamax, beta1: 1", "adamax, beta2: 1",
        "adamax, epsilon: 0", "adagrad, epsilon: 0", "rmsprop, momentum: 1.5",
        "adadelta, decay: 1", "rprop, increase: 1", "lars, trust: 0", "lars, momentum: 1", "lamb, beta2: 1",
        "sgd, form: other", "rprop, minimumStep: 2, maximumStep: 1", "sgd, beta1: 0.9",
    ])
    func `refuses a hyper-parameter out of range, and another rule's`(keys: String) {
        #expect(throws: ConfigurationError.self) { try rule(keys) }
    }
}
