/// The samples that an output was most wrong about in a validation.
package struct MistakeRecord: Equatable, Sendable {
    package struct Sample: Equatable, Sendable {
        /// Where it comes from, else its number in the data set.
        package var name: String
        /// The names of the class that it has, and of that which it was taken for.
        package var right: String
        package var chosen: String
        /// What the model gave the two; nil where it gives no probabilities.
        package var rightProbability: Double?
        package var chosenProbability: Double?

        package init(
            name: String, right: String, chosen: String, rightProbability: Double? = nil,
            chosenProbability: Double? = nil
        ) {
            self.name = name
            self.right = right
            self.chosen = chosen
            self.rightProbability = rightProbability
            self.chosenProbability = chosenProbability
        }
    }

    /// The output's name.
    package var output: String
    /// The worst first.
    package var samples: [Sample]
    /// The samples as pictures, in their order; nil where they are none.
    package var pictures: PictureRecord?

    package init(output: String, samples: [Sample], pictures: PictureRecord? = nil) {
        self.output = output
        self.samples = samples
        self.pictures = pictures
    }
}
