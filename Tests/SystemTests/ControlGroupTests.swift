import Foundation
import System
import TestSupport
import Testing

/// Limits of control groups, in made trees of their files.
struct ControlGroupTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ path: String, _ text: String) throws {
        let file = URL(fileURLWithPath: directory.file(path))
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((text + "\n").utf8).write(to: file)
    }

    private func group(_ list: String) -> ControlGroup { ControlGroup(mount: directory.file("groups"), list: list) }

    @Test func `version 2: the tightest limit of the own group and those above it holds`() throws {
        try write("groups/cpu.max", "max 100000")
        try write("groups/batch/cpu.max", "250000 100000")
        try write("groups/batch/job/cpu.max", "max 100000")
        try write("groups/batch/memory.max", "2000000")
        try write("groups/batch/job/memory.max", "3000000")
        let own = group("0::/batch/job/step\n")
        #expect(own.processors == 2 && own.memoryBytes == 2_000_000)
        #expect(group("0::/\n").processors == nil && group("0::/\n").memoryBytes == nil)
        #expect(group("0::/other\n").memoryBytes == nil)
    }

    @Test func `version 1: each controller has a tree of its own`() throws {
        try write("groups/cpu,cpuacct/job/cpu.cfs_quota_us", "50000")
        try write("groups/cpu,cpuacct/job/cpu.cfs_period_us", "100000")
        try write("groups/cpu,cpuacct/cpu.cfs_quota_us", "-1")
        try write("groups/cpu,cpuacct/cpu.cfs_period_us", "100000")
        try write("groups/memory/job/memory.limit_in_bytes", "4096")
        try write("groups/memory/memory.limit_in_bytes", "9223372036854771712")
        let own = group("5:memory:/job\n3:cpu,cpuacct:/job/a\n1:name=systemd:/x\n")
        #expect(own.processors == 1 && own.memoryBytes == 4096)
    }

    @Test func `a container that can't see its group has the limits at the top`() throws {
        try write("groups/cpu/cpu.cfs_quota_us", "300000")
        try write("groups/cpu/cpu.cfs_period_us", "100000")
        #expect(group("2:cpu:/docker/0123\n").processors == 3)
    }
}
