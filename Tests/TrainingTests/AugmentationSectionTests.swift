import ConfigurationReading
import DataPipeline
import Testing
import Training

@Suite struct AugmentationSectionTests {
    private func text(_ augment: String) -> String {
        configurationText("data: {name: shapes, augment: [ \(augment) ]}\n")
    }

    @Test func changesOfPicturesAreReadInTheirShortAndLongForms() throws {
        let run = try readConfiguration(
            text(
                "{colourJitter: {brightness: 0.4, contrast: 2, saturation: [0.5, 3], hue: 0.1}}, colourPCA, "
                    + "{colourPCA: 0.2}, greyscale, {greyscale: 1}, gaussianNoise, "
                    + "{gaussianNoise: {deviation: 0.3, clip: false}}, {masking: 0.3}, {saltAndPepper: 0.2}, "
                    + "randomErasing, {randomErasing: {probability: 1, scale: [0.1, 0.2], ratio: [1, 2], value: 0.5}}, "
                    + "randomResizedCrop, {randomResizedCrop: {scale: [0.5, 1], ratio: [1, 1]}}, "
                    + "{scale: {from: 0.8, to: 1.25}}, flipVertical, mixup, {mixup: 1.5}, {cutmix: {alpha: 0.5}}"))
        let expected: [any RandomTransform] = [
            ColourJitter(
                brightness: .init(0.6, 1.4), contrast: .init(0, 3), saturation: .init(0.5, 3), hue: .init(-0.1, 0.1)),
            PrincipalColours(deviation: 0.1), PrincipalColours(deviation: 0.2), Greyscale(probability: 0.1),
            Greyscale(probability: 1), GaussianNoise(deviation: 0.1), GaussianNoise(deviation: 0.3, clips: false),
            Masking(probability: 0.3), SaltAndPepper(probability: 0.2), RandomErasing(),
            RandomErasing(probability: 1, scale: .init(0.1, 0.2), ratio: .init(1, 2), fill: .level(0.5)),
            RandomResizedCrop(), RandomResizedCrop(scale: .init(0.5, 1), ratio: .init(1, 1)),
            Zoom(factor: .init(0.8, 1.25)), FlipVertical(), Mixup(alpha: 0.2), Mixup(alpha: 1.5), Cutmix(alpha: 0.5),
        ]
        #expect(run.data.augment.count == expected.count)
        for (found, wanted) in zip(run.data.augment, expected) { #expect(found == Augmentation(wanted)) }
        #expect(run.data.mixesSamples)
        #expect(try !readConfiguration(text("flip")).data.mixesSamples)
        try expectRoundTrip(run)
    }

    private static let problems = [
        ("{colourJitter: {brightness: -1}}", "a number from 0 to 100"),
        ("{colourJitter: {hue: 0.6}}", "a number from 0 to 0.5"),
        ("{colourJitter: {hue: [0.2, -0.2]}}", "falling numbers"),
        ("colourJitter", "it changes nothing; give brightness, contrast, saturation or hue above 0"),
        ("{ColorJitter: {hue: 0.1}}", "'colourJitter'"),
        ("{colourPCA: 0}", "a number above 0"),
        ("{gaussianNoise: -1}", "a number above 0"),
        ("masking", "probability"),
        ("{masking: 1.5}", "a number from 0 to 1"),
        ("{randomErasing: {scale: [0, 0.5]}}", "a number above 0 and at most 1"),
        ("{randomErasing: {scale: [0.5, 1.5]}}", "a number above 0 and at most 1"),
        ("{randomErasing: {value: blue}}", "`mean` for the picture's, `random` for noise, or a number from 0"),
        ("{randomErasing: {value: 255}}", "a number from 0 to 1"),
        ("{randomResizedCrop: {scale: 0.5}}", "two numbers, the lower first"),
        ("{randomResizedCrop: {scale: [1, 0.5]}}", "falling numbers"),
        ("{randomResizedCrop: {ratio: [1, 2, 3]}}", "a list of 3"),
        ("{scale: {from: 2, to: 1}}", "give the smaller factor first"),
        ("{scale: {from: 0, to: 1}}", "a number from 0.01 to 100"),
        ("{mixup: 0}", "a number from 0.001 to 1000"),
        ("{cutmix: {alpha: many}}", "a number from 0.001 to 1000"),
    ]

    @Test(arguments: problems) func otherNumbersAreRefused(augment: String, words: String) {
        let problem = configurationProblem(text(augment))
        #expect(problem?.contains(words) == true, "\(problem ?? "nothing")")
    }
}
