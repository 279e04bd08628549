import Collectives
import Testing

@Suite("What the MPI communicator decides without MPI")
struct MPIPlanningTests {
    @Test("messages are cut into parts of the maximum size and a rest, an empty one into one empty part")
    func messageParts() {
        #expect(Array(MPIMessageParts(byteCount: 0, maximumPartBytes: 10)) == [0..<0])
        #expect(Array(MPIMessageParts(byteCount: 9, maximumPartBytes: 10)) == [0..<9])
        #expect(Array(MPIMessageParts(byteCount: 10, maximumPartBytes: 10)) == [0..<10])
        #expect(Array(MPIMessageParts(byteCount: 21, maximumPartBytes: 10)) == [0..<10, 10..<20, 20..<21])
        let large = MPIMessageParts(byteCount: 5 << 30 | 7, maximumPartBytes: 1 << 30)
        #expect(large.map(\.count) == [1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 7])
        #expect(large.allSatisfy { $0.count <= Int32.max })
    }

    @Test("segments of a window are whole pages after the barrier's page")
    func windowLayout() {
        let layout = SharedWindowLayout(byteCountPerRank: 4_097, hostSize: 3)
        #expect((0..<3).map(layout.segmentOffset) == [4_096, 12_288, 20_480])
        #expect(layout.totalBytes == 4_096 + 3 * 8_192 + 4_096)
        #expect(SharedWindowLayout(byteCountPerRank: 0, hostSize: 7).totalBytes == 8_192)
    }

    @Test("ranks yield when they outnumber the cores, and single copy is off where the kernel forbids it")
    func runtimeSettings() {
        let settings = {
            MPIRuntimeSettings(localSize: $0, allowedProcessors: 2, crossMemoryAttachAllowed: $1).variables
        }
        let always = [
            "OMPI_MCA_btl_tcp_flags": "1", "OMPI_MCA_btl_tcp_eager_limit": "270336",
            "OMPI_MCA_btl_tcp_rndv_eager_limit": "270336",
        ]
        #expect(settings(2, true) == always)
        #expect(settings(nil, true) == always)
        #expect(settings(3, true) == always.merging(["OMPI_MCA_mpi_yield_when_idle": "1"]) { $1 })
        let onOneHost = { (size: Int?, fits: Bool) in
            MPIRuntimeSettings(
                localSize: 2, worldSize: size, allowedProcessors: 2, crossMemoryAttachAllowed: true,
                sharedMemoryFits: fits
            ).variables
        }
        #expect(
            onOneHost(2, true)
                == always.merging(
                    ["OMPI_MCA_btl": "self,vader", "OMPI_MCA_pml": "ob1", "OMPI_MCA_osc": "sm"]
                ) { $1 }, "no rank listens on a port or looks for networks")
        #expect(onOneHost(4, true) == always && onOneHost(nil, true) == always && onOneHost(2, false) == always)
        #expect(settings(2, false) == always.merging(["OMPI_MCA_btl_vader_single_copy_mechanism": "none"]) { $1 })
    }

    @Test func `ranks that share a core may oversleep while MPI starts, the longer the more there are`() {
        #expect(MPISleep.slack(ranks: 2, processors: 2) == 0)
        #expect(MPISleep.slack(ranks: 3, processors: 2) == 200_000)
        #expect(MPISleep.slack(ranks: 64, processors: 2) == 3_200_000)
        #expect(MPISleep.slack(ranks: 1024, processors: 2) == 10_000_000)
    }
}
