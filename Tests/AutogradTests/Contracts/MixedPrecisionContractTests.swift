import Autograd
import Kernels
import TestSupport
import Testing

/// Operations in mixed precision: with factors that are bfloat16 numbers already they keep their contracts, gradients
/// against numerical derivatives included; with any factors they are off by two roundings of each.
@Suite struct MixedPrecisionContractTests {
    /// Linear layers, and convolutions of all algorithms but Winograd's of 64 and more channels (``FixedPointTests``).
    private static let contracts = LayerContractTests.linears + ConvolutionContractTests.contracts

    @Test(arguments: contracts) func `factors that need no rounding give what Float gives`(
        _ contract: OperationContract
    ) {
        let comparisons = ProductPrecision.mixed.use { contract.check(rounding: \.roundedToBFloat16) }
        for failure in comparisons.failures { Issue.record("\(contract): \(failure)") }
    }

    // A ReLU cuts off at another place where its input changes its sign.
    @Test(arguments: contracts.filter { !$0.description.contains("ReLU") })
    func `any factors are off by their roundings`(_ contract: OperationContract) {
        let comparisons = ProductPrecision.mixed.use { contract.within(0x1p-7).check() }
        for failure in comparisons.failures { Issue.record("\(contract): \(failure)") }
    }

    @Test func `a product's factors are rounded at all`() throws {
        let contract = try #require(LayerContractTests.linears.first { $0.description.contains("64") })
        #expect(!ProductPrecision.mixed.use { contract.check() }.failures.isEmpty)
    }
}
