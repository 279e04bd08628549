import Autograd
import ConfigurationReading

/// The distribution of a layer's initial weights: `heNormal`, `{uniformFanIn: 1}`.
extension Initializer: ConfigurationSection {
    package static var title: String { "initializer" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf(
            [
                .key("xavierUniform", "Uniform in ±√(6/(fanIn + fanOut)); Glorot and Bengio 2010.") { _ in
                    .xavierUniform
                },
                .key("xavierNormal", "Normal with variance 2/(fanIn + fanOut).") { _ in .xavierNormal },
                .key("heUniform", "Uniform in ±√(6/fanIn); He et al. 2015.") { _ in .heUniform },
                .key("heNormal", "Normal with variance 2/fanIn.") { _ in .heNormal },
                .key("uniformFanIn", "Uniform in ±c/√fanIn.", shorthand: "c") { reader in
                    .uniformFanIn(
                        Float(reader.value("c", .number(above: 0), default: 1, "1 for Xavier's rule, 2 for He's.")))
                },
            ]
                + ["zero", "zeros", "one", "ones", "constant"].map {
                    .refused($0, because: Self.symmetry, standIn: .heNormal)
                })
    }

    /// Why equal weights are refused.
    private static let symmetry = """
        with equal weights all units of a layer compute the same thing and get the same gradient, so they never \
        differ; use heNormal, heUniform, xavierNormal, xavierUniform or uniformFanIn.
        """
}
