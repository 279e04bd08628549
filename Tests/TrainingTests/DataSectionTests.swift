import ConfigurationReading
import DataPipeline
import Testing
import Training

@Suite struct DataSectionTests {
    @Test("Data, augmentation and the validation split are read")
    func data() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: cifar10
                  path: /data/cifar
                  validation: 0.25
                  preprocessing: meanSubtraction
                  limit: 1000
                  augment: [ {translate: {pixels: 1}}, flip, crop, {crop: 2}, {crop: {padding: 3}} ]

                """))
        #expect(run.data.name == "cifar10")
        #expect(run.data.path == "/data/cifar")
        #expect(run.data.validation == .fraction(0.25))
        #expect(run.data.preprocessing == .meanSubtraction)
        #expect(run.data.limit == 1000)
        #expect(
            run.data.augment == [
                .translate(pixels: 1), .flipHorizontal, .randomCrop(padding: 4), .randomCrop(padding: 2),
                .randomCrop(padding: 3),
            ])
        try expectRoundTrip(run)
        #expect(
            configurationProblem(configurationText("data: {name: digits, limit: 5, validation: 5}\n"))
                == "configs/run.yaml:1:32: 'data.validation': 5 of 5 samples leave none to train on; "
                + "make validation smaller."
        )
    }

    @Test("A table is described beside its name")
    func table() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: csv
                  path: /data/tabular/abalone.csv
                  columns: [sex, length, rings]
                  target: rings
                  categorical: [sex]
                  separator: semicolon
                  test: 0.25
                  targetPreprocessing: standardize

                """))
        let settings = TableSettings(
            hasHeader: false, separator: ";", columns: ["sex", "length", "rings"], targets: ["rings"],
            categorical: ["sex"])
        #expect(run.data.dataset.isEqual(to: CSV(table: settings, test: 0.25)))
        #expect(run.data.name == "csv" && run.data.targetPreprocessing == .standardize)
        #expect(run.data.path(in: "/sets") == "/sets/tabular/abalone.csv")
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: csv, path: a.csv}\n"))
        #expect(bare.data.dataset.isEqual(to: CSV(table: TableSettings())))
        #expect(bare.data != run.data)
    }

    @Test("A text is described beside its name")
    func text() throws {
        let run = try readConfiguration(
            configurationText("data: {name: text, path: a.txt, window: 32, vocabulary: bytes}\n"))
        #expect(run.data.dataset.isEqual(to: Text(window: 32, vocabulary: .bytes)))
        try expectRoundTrip(run)
        let pairs = try readConfiguration(
            configurationText("data: {name: text, path: a.txt, vocabulary: {bpe: 300}}\n"))
        #expect(pairs.data.dataset.isEqual(to: Text(window: 64, vocabulary: .bytePairs(300))))
        try expectRoundTrip(pairs)
        for (vocabulary, words) in [
            ("bpe", "did you mean '{bpe: N}'"), ("character", "did you mean 'characters'"), ("{bpe: 1}", "at least 2"),
            ("{bpe: 70000}", "at most 65536"), ("{}", "bpe"), ("[bytes]", "vocabulary"), ("{pairs: 2}", "pairs"),
        ] {
            let text = configurationText("data: {name: text, path: a.txt, vocabulary: \(vocabulary)}\n")
            let error = #expect(throws: ConfigurationError.self) { try readConfiguration(text) }
            #expect("\(String(describing: error))".contains(words), "\(vocabulary): \(String(describing: error))")
        }
    }

    @Test("Recordings are described beside their name: how they are cut, and what their names tell")
    func sound() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: sound
                  path: /data/spoken-digits
                  features: {logMel: {mels: 32, frame: 0.032, hop: 0.016, lowest: 50, highest: 3800}}
                  names: "{digit}_{speaker}_{index}"
                  table: speakers.csv
                  classes: [digit, gender]
                  target: gender
                  longest: 2.5
                  augment:
                    - {timeShift: 0.1}
                    - {gain: 6}
                    - {noise: 15}
                    - {timeMask: {steps: 10, count: 2}}
                    - {frequencyMask: 8}

                """))
        let names = RecordingNames(
            pattern: try NamePattern("{digit}_{speaker}_{index}"), table: "speakers.csv", classes: ["digit", "gender"])
        let mel = MelSettings(mels: 32, frame: 0.032, hop: 0.016, lowest: 50, highest: 3800)
        #expect(
            run.data.dataset.isEqual(to: Sound(view: .logMel(mel), names: names, longest: 2.5, target: "gender")))
        #expect(run.data.path(in: "/sets") == "/sets/spoken-digits")
        #expect(
            run.data.augment == [
                .init(TimeShift(seconds: 0.1)), .init(Gain(decibels: 6)), .init(Noise(decibels: 15)),
                .init(TimeMask(steps: 10, count: 2)), .init(FrequencyMask(channels: 8)),
            ])
        try expectRoundTrip(run)
        for (keys, dataset) in [
            ("", Sound(view: .logMel(MelSettings()))), ("levels: muLaw", Sound(view: .muLaw(window: 8000))),
            ("rate: 16000, levels: {muLaw: 500}", Sound(view: .muLaw(window: 500), rate: 16_000)),
            ("features: {logMel: 20}", Sound(view: .logMel(MelSettings(mels: 20)))),
            (
                "names: '{a}-{index}'",
                Sound(view: .logMel(MelSettings()), names: RecordingNames(pattern: try NamePattern("{a}-{index}")))
            ),
        ] {
            let run = try readConfiguration(configurationText("data: {name: sound, path: a, \(keys)}\n"))
            #expect(run.data.dataset.isEqual(to: dataset), "\(keys)")
            try expectRoundTrip(run)
        }
    }

    @Test(
        "Recordings are refused where keys can't hold together",
        arguments: [
            ("levels: muLaw, features: logMel", "levels"), ("names: 'ab'", "no placeholder"),
            ("names: '{sound}_{index}'", "another field"), ("classes: [a]", "no placeholder of `names`"),
            ("names: '{a}_{b}', target: c", "name one of: a, b"), ("features: {logMel: 200}", "make mels smaller"),
            ("features: {logMel: {lowest: 4000}}", "half of data.rate"), ("rate: 10", "1000"),
        ])
    func soundProblems(keys: String, words: String) {
        let problem = configurationProblem(configurationText("data: {name: sound, path: a, \(keys)}\n"))
        #expect(problem?.contains(words) == true, "\(problem ?? "none")")
    }

    @Test("A phase has data of its own, with the run's preprocessing, and data can be of some classes")
    func phaseData() throws {
        let phases =
            "phases: [{name: a, steps: 5, optimizer: {name: sgd, learningRate: 1}, "
            + "data: {name: digits, labels: [3, 1, 3]}}, {name: b, steps: 5, optimizer: {name: sgd, "
            + "learningRate: 1}}]\n"
        let run = try readConfiguration(configurationText(phases, without: ["optimizer", "epochs"]))
        #expect(run.phases[0].data?.classes == [1, 3] && run.phases[1].data == nil && run.data.classes == nil)
        try expectRoundTrip(run)
        let turns = phases.replacingOccurrences(of: "steps: 5", with: "steps: 1") + "order: alternating\n"
        #expect(
            configurationProblem(configurationText(turns, without: ["optimizer"]))?.contains(
                "'phases.0.data': phases that alternate share the run's data") == true)
        let scaled = phases.replacingOccurrences(of: "labels", with: "preprocessing: none, labels")
        #expect(
            configurationProblem(configurationText(scaled, without: ["optimizer", "epochs"]))?.contains(
                "unknown key 'phases.0.data.preprocessing'") == true)
    }

    @Test("A truth table names its function")
    func truthTable() throws {
        let run = try readConfiguration(
            configurationText("data: {name: truthTable, function: nand, validation: 0}\n"))
        #expect(run.data.dataset.isEqual(to: TruthTable(function: .nand)) && run.data.path == nil)
        try expectRoundTrip(run)
        #expect(
            configurationProblem(configurationText("data: truthTable\n"))?.contains("'data.function'") == true)
    }

    @Test("Drawn points are described beside their name, and their shape has to be named")
    func points() throws {
        let run = try readConfiguration(
            configurationText("data: {name: points, shape: moons, noise: 0.1, training: 500, test: 50, seed: 7}\n"))
        let points = Points(shape: .moons, noise: 0.1, training: 500, test: 50, seed: 7)
        #expect(run.data.dataset.isEqual(to: points) && run.data.path == nil)
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: points, shape: xor}\n"))
        #expect(bare.data.dataset.isEqual(to: Points(shape: .xor)))
        #expect(
            configurationProblem(configurationText("data: points\n"))?.contains("'data.shape'") == true)
    }

    @Test("A drawn curve is described beside its name, and its function has to be named")
    func curve() throws {
        let run = try readConfiguration(
            configurationText("data: {name: curve, function: zigzag, noise: 0.1, training: 500, test: 50, seed: 7}\n"))
        let curve = Curve(function: .zigzag, noise: 0.1, training: 500, test: 50, seed: 7)
        #expect(run.data.dataset.isEqual(to: curve) && run.data.path == nil)
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: curve, function: step}\n"))
        #expect(bare.data.dataset.isEqual(to: Curve(function: .step)))
        #expect(configurationProblem(configurationText("data: curve\n"))?.contains("'data.function'") == true)
    }

    @Test("Drawn shapes are described beside their name")
    func shapes() throws {
        let run = try readConfiguration(
            configurationText(
                "data: {name: shapes, size: [224, 200], classes: 1000, training: 500, test: 50, seed: 7}\n"))
        let shapes = Shapes(height: 224, width: 200, classes: 1000, training: 500, test: 50, seed: 7)
        #expect(run.data.dataset.isEqual(to: shapes) && run.data.path == nil)
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: shapes\n"))
        #expect(bare.data.dataset.isEqual(to: Shapes(height: 32, width: 32)))
        for (keys, words) in [("size: [9, 9, 9]", "it has 3 numbers"), ("classes: 1001", "1001")] {
            #expect(
                configurationProblem(configurationText("data: {name: shapes, \(keys)}\n"))?.contains(words) == true)
        }
    }

    @Test("Rotated digits are described beside their name, and a turn in training by its largest angle")
    func rotated() throws {
        let run = try readConfiguration(
            configurationText(
                "data: {name: rotated-mnist, path: a, training: 100, test: 7, seed: 3, augment: [{rotate: 22.5}]}\n"))
        #expect(run.data.dataset.isEqual(to: RotatedMNIST(training: 100, test: 7, seed: 3)))
        #expect(run.data.augment == [.rotate(degrees: 22.5)])
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: rotated-mnist, path: a}\n"))
        #expect(bare.data.dataset.isEqual(to: RotatedMNIST(training: 12_000, test: 50_000)))
        for degrees in ["-1", "181", "many"] {
            let problem = configurationProblem(
                configurationText("data: {name: mnist, path: a, augment: [{rotate: \(degrees)}]}\n"))
            #expect(problem?.contains("data.augment.0.rotate") == true, "\(problem ?? "taken")")
        }
    }

    @Test("A data set refuses the keys of another, and needs a path where it has files")
    func dataKeys() {
        #expect(
            configurationProblem(configurationText("data: {name: mnist, path: a, window: 3}\n"))?
                .contains("unknown key 'data.window'") ?? false)
        #expect(
            configurationProblem(configurationText("data: text\n"))
                == "configs/run.yaml:1:7: 'data.name': 'text' is read from a file; add the key 'path' with the file.")
        #expect(
            configurationProblem(configurationText("data: mnst\n"))
                == "configs/run.yaml:1:7: 'data.name' names 'mnst', which does not exist (did you mean 'mnist'?); "
                + "allowed here: digits, points, truthTable, curve, shapes, mnist, fashion-mnist, rotated-mnist, "
                + "cifar10, cifar100, images, csv, series, sequences, text, sound, graph, adding, recall, strings, "
                + "waves, opinions, captions, objects, figures."
        )
    }
}
