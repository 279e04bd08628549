import CFuzzer
import Foundation
import FuzzTargets

/// Has libFuzzer search for inputs that a reader cannot take; `Tests/scripts/fuzz` builds and runs it.
///
///     fuzz seeds FOLDER       writes every target's seeds into FOLDER/TARGET and its words into FOLDER/TARGET.words
///     FUZZ_TARGET=idx fuzz …  libFuzzer's arguments; the variable says which target, so that it can start itself anew
@main
struct Program {
    private static let target = FuzzTarget.all.first { $0.name == ProcessInfo.processInfo.environment["FUZZ_TARGET"] }

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "seeds" { return try writeSeeds(to: arguments[2]) }
        guard target != nil else {
            print("FUZZ_TARGET names none of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
            exit(64)
        }
        var count = CommandLine.argc
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &values) { bytes, count in
                Program.target?.takes(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            })
    }

    private static func writeSeeds(to folder: String) throws {
        for target in FuzzTarget.all {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(target.name)", withIntermediateDirectories: true)
            for (index, seed) in try target.seeds().enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/\(target.name)/\(index)"))
            }
            // libFuzzer's form: each word in quotes, odd bytes as \xAB.
            let lines = try target.words().map { word in
                let letters = word.map { byte in
                    byte < 32 || byte > 126 || byte == 34 || byte == 92
                        ? "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) : String(Unicode.Scalar(byte))
                }
                return "\"\(letters.joined())\"\n"
            }
            try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: "\(folder)/\(target.name).words"))
            print("\(target.name) \(target.longest)")
        }
    }
}
