/// The configuration that the program trains when it is given none.
package enum DefaultConfiguration {
    /// The text of configs/digits.yaml.
    package static let yaml = """
        # LeNet-5 on digits that the program draws itself: needs no files. `trainer` without arguments trains this.
        model: lenet5
        data: {name: digits, validation: 5000, augment: [ {translate: 2} ]}
        batch: 128               # global, whatever the number of ranks is
        grain: 32                # what one worker computes at a time
        epochs: 12
        loss: crossEntropy
        optimizer: {name: sgd, learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4}
        schedule: {onPlateau: {factor: 0.5, patience: 1, rollback: true, monitor: valError}}
        checkpoint: {everySteps: 500, keep: 3}
        seed: 1

        """
}
