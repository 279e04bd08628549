/// The shipped configurations of Boltzmann machines.
extension Slice {
    static let boltzmann =
        ["rbm-mnist", "rbm-gaussian-fashion"].map {
            Slice(
                name: $0, settings: ["data.validation=40", "model.layers.1.rbm.units=40"],
                figures: ["valLoss", "valReconstructionError", "valFreeEnergy", "valFreeEnergyGap"])
        } + [
            // Each phase ends within the 11 steps.
            Slice(
                name: "dbn-mnist",
                settings: ["data.validation=40", "model.layers.6.rbm.units=50"]
                    + (0..<4).flatMap { ["phases.\($0).epochs=null", "phases.\($0).steps=3"] },
                figures: ["valTuningLoss", "valTuningAccuracy"])
        ]
}
