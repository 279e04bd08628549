import Glibc
import System
import Testing

@Suite struct StandardErrorTests {
    /// A pipe whose writing end does not wait, as a sibling process can make the one that all share.
    @Test func allBytesReachAPipeThatTakesThemInPieces() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
        let text = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let thread = try JoinableThread(name: "writer") {
            #expect(text.withUnsafeBytes { StandardError.write($0, to: writer) })
            close(writer)
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count <= 0 { break }
            received += buffer[..<count]
        }
        thread.join()
        close(reader)
        #expect(received == text)
    }

    @Test func aDescriptorThatIsClosedIsNoReasonToEnd() {
        let isWritten = [UInt8(1)].withUnsafeBytes { StandardError.write($0, to: -1) }
        #expect(!isWritten)
    }
}
