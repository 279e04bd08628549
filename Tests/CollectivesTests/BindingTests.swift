import Collectives
import Testing

@Suite struct BindingTests {
    private func environment(rank: Int, of size: Int, policy: String? = nil, bound: Bool = true) -> [String: String] {
        var result = ["OMPI_COMM_WORLD_LOCAL_RANK": String(rank), "OMPI_COMM_WORLD_LOCAL_SIZE": String(size)]
        if bound { result["OMPI_MCA_orte_bound_at_launch"] = "1" }
        result["OMPI_MCA_hwloc_base_binding_policy"] = policy
        return result
    }

    @Test func partsHaveNoProcessorInCommonAndLeaveNoneOut() {
        let processors = [0, 1, 2, 5, 9]
        for count in 1...5 {
            let parts = (0..<count).map { Binding.part($0, of: count, processors) }
            #expect(parts.flatMap(\.self) == processors && !parts.contains([]))
        }
    }

    @Test func aThreadRunsWhereItIsPut() {
        let all = Binding.ownProcessors
        #expect(all.count == HostInformation.allowedProcessors)
        defer { Binding.run(on: all) }
        Binding.run(on: [all[all.count - 1]])
        #expect(Binding.ownProcessors == [all[all.count - 1]])
    }

    @Test("the ranks of a host share all its processors", arguments: [1, 2, 3, 4, 8])
    func sharesCover(size: Int) {
        let processors = [0, 1, 2, 3, 8, 9, 10, 11]
        let shares = (0..<size).compactMap { share(environment(rank: $0, of: size), of: processors) }
        #expect(shares.count == size)
        #expect(shares.flatMap { $0 } == processors)
        #expect((shares.map(\.count).max() ?? 0) - (shares.map(\.count).min() ?? 0) <= 1)
    }

    @Test("a binding that was asked for stays, and so does one that crowds ranks")
    func staysWhereAsked() {
        #expect(share(environment(rank: 0, of: 1, policy: "core"), of: [0, 1]) == nil)
        #expect(share(environment(rank: 0, of: 1, bound: false), of: [0, 1]) == nil)
        #expect(share(environment(rank: 2, of: 4), of: [0, 1]) == nil)
        #expect(share([:], of: [0, 1]) == nil)
    }

    @Test("Open MPI 5's launcher tells by its command line whether a binding was asked for")
    func readsCommandLine() {
        let rank = ["PRTE_LAUNCHED": "1", "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"]
        #expect(share(rank, by: ["prterun", "-np", "2", "trainer"], of: [0, 1, 2, 3]) == [2, 3])
        #expect(share(rank, by: ["/usr/bin/mpirun", "-np", "2", "trainer"], of: [0, 1, 2, 3]) == [2, 3])
        for option in [["--bind-to", "core"], ["--map-by=slot"], ["-rf", "file"]] {
            #expect(share(rank, by: ["prterun", "-np", "2"] + option + ["trainer"], of: [0, 1, 2, 3]) == nil)
        }
        #expect(share(rank, by: ["/usr/bin/prted", "--prtemca", "ess", "env"], of: [0, 1, 2, 3]) == nil)
        let asked = rank.merging(["PRTE_MCA_hwloc_default_binding_policy": "none"]) { $1 }
        #expect(share(asked, by: ["prterun", "trainer"], of: [0, 1, 2, 3]) == nil)
    }

    private func share(
        _ environment: [String: String], by launcher: [String] = ["mpirun"], of processors: [Int]
    ) -> [Int]? {
        Binding.share(environment, startedBy: launcher, of: processors)
    }

    @Test("the kernel's lists of processors are read")
    func readsLists() {
        #expect(Binding.processors(inList: "\t0-3,8") == [0, 1, 2, 3, 8])
        #expect(Binding.processors(inList: "5") == [5])
        #expect(Binding.processors(inList: "") == [])
    }
}
