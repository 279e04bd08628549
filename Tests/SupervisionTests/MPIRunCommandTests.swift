import Supervision
import Testing

/// The options that mpirun needs for a job.
struct MPIRunCommandTests {
    private func words(_ command: MPIRunCommand) -> [String] {
        command.command("/bin/trainer", ["train"], workingDirectory: "/there")
    }

    @Test func `ranks that fill the cores of this machine are left to mpirun's own binding`() {
        #expect(
            words(MPIRunCommand(ranks: 4, threads: nil, usableCores: 4)) == [
                "mpirun", "-np", "4", "/bin/trainer", "train",
            ])
    }

    @Test func `more ranks than cores, and cores for threads, are told`() {
        #expect(
            words(MPIRunCommand(ranks: 5, threads: nil, usableCores: 4)).starts(with: [
                "mpirun", "-np", "5", "--oversubscribe", "--bind-to", "none",
            ]))
        #expect(
            words(MPIRunCommand(ranks: 2, threads: nil, usableCores: 4)).starts(with: [
                "mpirun", "-np", "2", "--bind-to", "none",
            ]))
    }

    @Test func `hosts get the working directory and the variables`() {
        var command = MPIRunCommand(
            ranks: 3, threads: nil, usableCores: 4, hosts: [Host(name: "a", slots: 2), Host(name: "b", slots: 1)])
        command.exportedVariables = ["TRAINER_DATA"]
        let words = words(command)
        let text = words.joined(separator: " ")
        #expect(text.hasPrefix("mpirun -np 3 --host a:2,b:1 --bind-to none --wdir /there "))
        #expect(text.hasSuffix(" -x TRAINER_DATA /bin/trainer train"))
    }

    @Test func `the agent and the networks of the environment become options`() {
        var command = MPIRunCommand(
            ranks: 2, threads: nil, usableCores: 4, hosts: [Host(name: "a", slots: 1), Host(name: "b", slots: 1)])
        command.setParameters([
            "OMPI_MCA_plm_rsh_agent": "ssh -F file", "OMPI_MCA_oob_tcp_if_include": "eth0", "OMPI_MCA_btl": "tcp,self",
        ])
        #expect(command.parameters == ["plm_rsh_agent": "ssh -F file", "oob_tcp_if_include": "eth0"])
        let words = words(command)
        let place = words.firstIndex(of: "plm_rsh_agent") ?? 0
        #expect(Array(words[(place - 1)...(place + 1)]) == ["--mca", "plm_rsh_agent", "ssh -F file"])
        command.hosts = [Host(name: "localhost", slots: 2)]
        command.setParameters(["OMPI_MCA_oob_tcp_if_include": "eth0"])
        #expect(command.parameters.isEmpty, "ranks on this machine alone talk over its loopback")
    }
}
