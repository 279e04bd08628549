import Autograd
import TensorCore
import TestSupport
import Testing

/// The free energy of Boltzmann machines against its formula in double precision.
@Suite struct FreeEnergyContractTests {
    /// Rows, visible and hidden units.
    static let energies = [(1, 1, 1), (3, 7, 5), (5, 40, 33), (0, 3, 2)].flatMap { rows, visible, hidden in
        BoltzmannUnits.allCases.flatMap { v in
            BoltzmannUnits.allCases.map { h in
                OperationContract(
                    "freeEnergy \(v) \(h)",
                    [
                        .init([rows, visible]), .init([hidden, visible], .uniform(-1...1)), .init([hidden]),
                        .init([visible]),
                    ], tolerance: 5e-6,
                    reference: {
                        DoubleReference.freeEnergy($0[0], $0[1], $0[2], $0[3], visible: v, hidden: h)
                    }
                ) { freeEnergy($0[0], $0[1], bias: $0[2], visibleBias: $0[3], visible: v, hidden: h).sum }
            }
        }
    }

    @Test(arguments: energies)
    func valueAndGradientsAreThoseOfTheFormula(contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }

    @Test func strongInputsNeitherOverflowNorLoseTheHiddenMeans() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        func constant(_ values: [Float], _ shape: Shape) -> Variable {
            tape.constant(Tensor(values, shape, pool: tape.pool))
        }
        let energy = freeEnergy(
            constant([1], [1, 1]), constant([200, -200, 0], [3, 1]), bias: constant([0, 0, 0], [3]),
            visibleBias: constant([0], [1]), visible: .binary, hidden: .binary)
        #expect(abs(energy.sum.value.values[0] + 200.693_15) < 1e-4)
        #expect(energy.hidden.values == [1, 0, 0.5])
    }
}
