import DataPipeline
import Testing

struct NamePatternTests {
    @Test("placeholders take as little as what follows allows, and folders where the pattern has them")
    func fits() throws {
        let digits = try NamePattern("{digit}_{speaker}_{index}")
        #expect(digits.placeholders == ["digit", "speaker", "index"])
        #expect(digits.values(in: "7_jackson_0.wav") == ["7", "jackson", "0"])
        #expect(digits.values(in: "some/folder/7_a_0_b.c.flac") == ["7", "a", "0_b.c"])
        #expect(digits.values(in: "7_jackson.wav") == nil && digits.values(in: "7__0.wav") == nil)
        #expect(digits.values(in: "7_jackson_.wav") == nil && digits.values(in: "_jackson_0.wav") == nil)
        let folders = try NamePattern("{word}/take-{index}x")
        #expect(folders.values(in: "deep/down/seven/take-12x.wav") == ["seven", "12"])
        #expect(folders.values(in: "take-12x.wav") == nil && folders.values(in: "seven/take-12.wav") == nil)
        #expect(try NamePattern("{all}").values(in: "x/é ü.wav") == ["é ü"])
    }

    @Test(
        "a pattern that can't be meant says why",
        arguments: [
            ("", "no placeholder"), ("plain", "no placeholder"), ("{a", "partner"), ("a}b{c}", "partner"),
            ("{a}{b}", "between"), ("{a}_{a}", "twice"), ("{}", "no name"), ("{1x}", "no name"), ("{a-b}", "no name"),
        ])
    func mistakes(text: String, words: String) {
        #expect { try NamePattern(text) } throws: { ($0 as? NamePattern.Mistake)?.text.contains(words) == true }
    }
}
