extension Canvas {
    /// Room for a character and the gap behind it, in dots.
    private static let advance = 6
    /// Rows of a letter without what hangs below its line.
    private static let rows = 7

    /// How wide a line of text is, in pixels.
    package static func width(of text: String, scale: Int = 2) -> Int {
        max(0, text.count * advance - 1) * scale
    }

    /// How high a line of text is, in pixels, without what hangs below it.
    package static func height(scale: Int = 2) -> Int { rows * scale }

    /// Writes a line of text, its upper left corner at a pixel. A character without a drawing here is a question mark.
    ///
    /// - Parameter scale: pixels of a dot along each side.
    package mutating func text(
        _ text: String, y: Int, x: Int, scale: Int = 2, _ color: [Float] = [60, 60, 60]
    ) {
        for (place, character) in text.enumerated() {
            let left = x + place * Canvas.advance * scale
            let drawing = Canvas.drawings[character] ?? Canvas.drawings["?"] ?? ""
            for (row, digit) in drawing.utf8.enumerated() {
                let dots = Canvas.value(ofDigit: digit)
                for column in 0..<5 where dots & (16 >> column) != 0 {
                    fill(
                        y + row * scale..<y + (row + 1) * scale,
                        left + column * scale..<left + (column + 1) * scale, color)
                }
            }
        }
    }

    private static func value(ofDigit digit: UInt8) -> Int {
        digit <= UInt8(ascii: "9") ? Int(digit) - 48 : Int(digit) - 55
    }

    /// Letters of five dots by seven, some with two rows below their line. A digit of base 32 is a row: its bits are
    /// the dots from left to right.
    private static let drawings: [Character: String] = [
        " ": "", "0": "EHJLPHE", "1": "4C4444E", "2": "EH1248V", "3": "V2421HE", "4": "26AIV22", "5": "VGU11HE",
        "6": "68GUHHE", "7": "V124888", "8": "EHHEHHE", "9": "EHHF12C",
        "-": "000E000", "−": "000E000", "–": "000V000", "+": "044V440", ".": "00000CC", ",": "00000CC48",
        ":": "0CC0CC0", "=": "00V0V00", "(": "2488842", ")": "8422248", "[": "E88888E", "]": "E22222E",
        "/": "01248G0", "_": "000000V", "*": "04LEL40", "'": "4480000", "%": "OP248J3", "?": "EH12404",
        "!": "4444404", "<": "24842", ">": "84248", "±": "44V440V", "·": "000C000", "×": "0HA4AH",
        "A": "EHHVHHH", "B": "UHHUHHU", "C": "EHGGGHE", "D": "SIHHHIS", "E": "VGGUGGV", "F": "VGGUGGG",
        "G": "EHGNHHF", "H": "HHHVHHH", "I": "E44444E", "J": "72222IC", "K": "HIKOKIH", "L": "GGGGGGV",
        "M": "HRLLHHH", "N": "HHPLJHH", "O": "EHHHHHE", "P": "UHHUGGG", "Q": "EHHHLID", "R": "UHHUKIH",
        "S": "FGGE11U", "T": "V444444", "U": "HHHHHHE", "V": "HHHHHA4", "W": "HHHLLLA", "X": "HHA4AHH",
        "Y": "HHHA444", "Z": "V1248GV",
        "a": "00E1FHF", "b": "GGMPHHU", "c": "00EGGHE", "d": "11DJHHF", "e": "00EHVGE", "f": "698S888",
        "g": "00FHHHF1E", "h": "GGMPHHH", "i": "40C444E", "j": "2062222IC", "k": "GGIKOKI", "l": "C44444E",
        "m": "00QLLHH", "n": "00MPHHH", "o": "00EHHHE", "p": "00UHHHUGG", "q": "00FHHHF11", "r": "00MPGGG",
        "s": "00FGE1U", "t": "88S8896", "u": "00HHHJD", "v": "00HHHA4", "w": "00HHLLA", "x": "00HA4AH",
        "y": "00HHHHF1E", "z": "00V248V",
    ]
}
