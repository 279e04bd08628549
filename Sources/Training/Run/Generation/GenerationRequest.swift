/// What is to be generated, as somebody asks for it.
package struct GenerationRequest {
    /// The text to go on with, in brackets to be shown so; nil to begin as after a line's end.
    package var prime: String?
    /// Classes, or words, of the model's other inputs, by their fields.
    package var given: [(field: String, value: String)] = []
    /// Characters of a text, beside the prime; nil for 500.
    package var length: Int?
    /// 0 for the likeliest token everywhere; nil for 1, and for the likeliest answer that a search finds.
    package var temperature: Float?
    /// How many of the likeliest tokens are drawn from; nil for all.
    package var topK: Int?
    /// How many beginnings a search for an answer keeps; nil for 1.
    package var beams: Int?
    /// Where sound is written, and how long it is; nil for one second.
    package var out: String?
    package var seconds: Double?
    package var seed: UInt64 = 1

    package init() {}
}
