import ConfigurationReading
import TensorCore

// Van den Oord et al., "WaveNet: a generative model for raw audio", 2016.

extension ZooModel {
    /// Levels of sound, one step before what is to be said: [T] → [T, 256].
    static let waveNet = ZooModel(
        "wavenet",
        "Dilated causal convolutions that say the next level of a sound from all before it (van den Oord et al. 2016).",
        input: [4096], vocabulary: 256, classes: 256, options: [.waveNet]
    ) { options in waveNetLayers(options.waveNet, classes: options.classes) }
}

/// The sizes of a WaveNet.
package struct WaveNetOptions: Equatable, Sendable {
    /// Of the stream through all blocks, and behind the gates.
    package var channels = 32
    /// Of the sum of all skips.
    package var skip = 128
    /// The dilations of a stack of blocks are 1, 2, 4, … up to this power of two.
    package var dilation = 512
    package var stacks = 1
    /// Fields of classes that the sound depends on.
    package var conditions: [String] = []
    /// Numbers of a condition's vector.
    package var conditionUnits = 32

    package init() {}

    init(from reader: ConfigurationReader) {
        channels = reader.value(
            "channels", .integer(in: 1...), default: 32, "Channels of the stream through the blocks.")
        skip = reader.value("skip", .integer(in: 1...), default: 128, "Channels of the sum of the blocks' skips.")
        dilation = reader.value(
            "dilation", .integer(in: 1...), default: 512,
            "A stack's blocks have the dilations 1, 2, 4, … up to this.")
        stacks = reader.value("stacks", .integer(in: 1...), default: 1, "How many times these blocks are repeated.")
        conditions = reader.value(
            "conditions", .list(of: .text), default: [],
            "Fields of classes that the sound depends on, such as `[digit, speaker]`.")
        conditionUnits = reader.value(
            "conditionUnits", .integer(in: 1...), default: 32, "Numbers of the vector of a condition.")
    }
}

private func waveNetLayers(_ options: WaveNetOptions, classes: Int) -> [LayerSpecification] {
    var layers: [LayerSpecification] = []
    for field in options.conditions {
        layers.append(.named("embed_\(field)", .embedding(units: options.conditionUnits).reading(field)))
    }
    let embedded = options.conditions.map { "embed_\($0)" }
    if embedded.count > 1 { layers.append(.named("condition", .add.reading(embedded))) }
    let condition = embedded.count > 1 ? ["condition"] : embedded

    layers.append(.named("embed", .embedding(units: options.channels).reading(ModelInput.usualName)))
    let dilations = (0..<options.stacks).flatMap { _ in powers(upTo: options.dilation) }
    var stream = "embed"
    var sum = ""
    for (index, dilation) in dilations.enumerated() {
        let name = "block\(index)"
        let block = LayerSpecification.gatedResidual(
            skip: options.skip, dilation: dilation, residual: index < dilations.count - 1)
        layers.append(.named(name, block.reading([stream] + condition)))
        // Two at a time, each of which is computed with its 1×1 convolution.
        if index > 0 { layers.append(.named("sum\(index)", .add.reading(sum, "\(name).skip"))) }
        sum = index == 0 ? "\(name).skip" : "sum\(index)"
        stream = name
    }
    return layers + [
        LayerSpecification.relu.reading(sum),
        .named("out1", .conv1d(filters: options.skip, kernel: 1)), .relu,
        .named("out2", .conv1d(filters: classes, kernel: 1)),
    ]
}

/// 1, 2, 4, … up to `last`.
private func powers(upTo last: Int) -> [Int] {
    sequence(first: 1) { $0 * 2 <= last ? $0 * 2 : nil }.map { $0 }
}
