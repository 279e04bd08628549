import CProcess
import Foundation
import JobHealth
import System
import TestSupport
import Testing

/// What SIGBUS means. Processes of their own, because the signal ends them.
@Suite struct OutsideFaultTests {
    /// The lines that such a process has written to standard error.
    private func errors(_ result: ExitTest.Result?) -> [Substring] {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
    }

    @Test func `a data file that is cut short while it is mapped is bad data`() async {
        let result = await #expect(processExitsWith: .exitCode(65), observing: [\.standardErrorContent]) {
            let directory = try TemporaryDirectory()
            let file = try MappedFile(directory.write([UInt8](repeating: 1, count: 1 << 14), to: "images"))
            prepare()
            #expect(truncate(directory.file("images"), 0) == 0)
            exit(Int32(file.bytes[1 << 13]))
        }
        expect(result, kind: .data, code: 65, "restore the data files")
    }

    @Test func `shared memory that the host turns out not to have is no fault of the data`() async {
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            let directory = try TemporaryDirectory()
            let bytes = try unbacked(directory)
            MemoryRanges.add(UnsafeRawBufferPointer(bytes), .sharedWindow)
            prepare()
            bytes[1 << 13] = 1
        }
        expect(result, kind: .internal, code: 70, "enlarge /dev/shm (docker: --shm-size=1g)")
    }

    @Test func `memory that nobody has named is not taken for data`() async {
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            let directory = try TemporaryDirectory()
            let bytes = try unbacked(directory)
            MemoryRanges.add(UnsafeRawBufferPointer(bytes), .file)
            MemoryRanges.remove(UnsafeRawBufferPointer(bytes))
            prepare()
            bytes[1 << 13] = 1
        }
        expect(result, kind: .crash, code: 70, "SIGBUS")
    }

    @Test func `a failure of the memory itself is one of the hardware, wherever it is`() {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)
        defer { bytes.deallocate() }
        MemoryRanges.add(UnsafeRawBufferPointer(bytes), .file)
        defer { MemoryRanges.remove(UnsafeRawBufferPointer(bytes)) }
        let address = bytes.baseAddress.map { UnsafeRawPointer($0 + 63) }
        for code in [Int32(4), 5] {  // BUS_MCEERR_AR and BUS_MCEERR_AO
            #expect(OutsideFault.BusError(code: code, address: address) == .hardware)
        }
        #expect(OutsideFault.BusError(code: 2, address: address) == .file)
        #expect(OutsideFault.BusError(code: 0, address: address) == .unknown)  // sent by kill
        #expect(OutsideFault.BusError(code: 2, address: address.map { $0 + 1 }) == .unknown)
    }

    private func expect(_ result: ExitTest.Result?, kind: ErrorReport.Kind, code: Int32, _ advice: String) {
        let lines = errors(result)
        let report = lines.compactMap { FailureReport(line: $0) }.first
        #expect(report?.error.kind == kind && report?.error.code == code, "\(lines)")
        #expect(report?.name == RankName(rank: 1, worldSize: 2, host: "node\"2") && report?.step == 7, "\(lines)")
        #expect(report?.error.text.contains(advice) == true, "\(lines)")
        let sentence = "rank 1 of 2 on node\"2 (training after step 7): \(report?.error.text ?? "")"
        #expect(lines.contains { $0 == sentence }, "\(lines)")
    }
}

/// Makes the process one of a supervised job, in training.
private func prepare() {
    setenv(FailureReport.variable, "1", 1)
    CrashReport.install(RankName(rank: 1, worldSize: 2, host: "node\"2"))
    OutsideFault.install()
    Activity.enter(.training, step: 7)
}

/// Four pages of a mapped file that has none.
private func unbacked(_ directory: TemporaryDirectory) throws -> UnsafeMutableRawBufferPointer {
    let file = open(try directory.write([], to: "empty"), O_RDWR)
    defer { close(file) }
    let start = try #require(mmap(nil, 1 << 14, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
    return UnsafeMutableRawBufferPointer(start: start, count: 1 << 14)
}
