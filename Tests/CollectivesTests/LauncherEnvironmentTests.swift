import Collectives
import Testing

@Suite("LauncherEnvironment")
struct LauncherEnvironmentTests {
    struct Launch: Sendable {
        var environment: [String: String]
        var expected: LauncherEnvironment?
    }

    @Test(
        "every launcher is recognised by its variables",
        arguments: [
            Launch(environment: ["HOME": "/root", "OMPI_MCA_rmaps_base_oversubscribe": "1"], expected: nil),
            Launch(
                environment: [
                    "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
                    "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_RANK": "3",
                ],
                expected: .init(launcher: .openMPI, rank: 3, worldSize: 4, localRank: 1, localSize: 2)),
            Launch(
                environment: [  // mpirun inside a Slurm batch script
                    "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2", "SLURM_PROCID": "0", "SLURM_NTASKS": "8",
                ],
                expected: .init(launcher: .openMPI, rank: 0, worldSize: 2)),
            Launch(
                environment: [
                    "SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_STEP_ID": "0", "SLURM_LOCALID": "1",
                    "SLURM_NNODES": "2",
                ],
                expected: .init(launcher: .slurm, rank: 5, worldSize: 8, localRank: 1, isWithoutProcessManager: true)),
            // srun -n 1 without MPI
            Launch(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "1", "SLURM_STEP_ID": "0"], expected: nil),
            Launch(
                environment: ["SLURM_PROCID": "1", "SLURM_NTASKS": "2", "SLURM_STEP_ID": "0", "PMI_FD": "9"],
                expected: .init(launcher: .slurm, rank: 1, worldSize: 2)),
            Launch(
                environment: [  // srun -n 4 in an allocation of 8 tasks
                    "SLURM_PROCID": "3", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "7",
                    "SLURM_STEP_NUM_NODES": "1", "PMIX_RANK": "3",
                ],
                expected: .init(launcher: .slurm, rank: 3, worldSize: 4, localSize: 4)),
            // a batch script
            Launch(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "12"], expected: nil),
            Launch(
                environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_STEP_ID": "4294967291"], expected: nil),
            Launch(
                environment: ["PMI_RANK": "1", "PMI_SIZE": "3", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "3"],
                expected: .init(launcher: .pmi, rank: 1, worldSize: 3, localRank: 1, localSize: 3)),
            Launch(environment: ["PMIX_RANK": "2"], expected: .init(launcher: .pmix, rank: 2, worldSize: nil)),
        ])
    func recognises(launch: Launch) throws {
        #expect(try LauncherEnvironment.detect(in: launch.environment) == launch.expected)
    }

    @Test("the rank for messages comes from the first variable that is a number")
    func announcedRank() {
        #expect(LauncherEnvironment.announcedRank(in: [:]) == 0)
        #expect(LauncherEnvironment.announcedRank(in: ["OMPI_COMM_WORLD_RANK": "2", "PMIX_RANK": "3"]) == 2)
        #expect(LauncherEnvironment.announcedRank(in: ["OMPI_COMM_WORLD_RANK": "x", "PMIX_RANK": "3"]) == 3)
    }

    @Test("impossible values are refused by name")
    func refusesImpossibleValues() {
        let cases: [([String: String], String, String)] = [
            (["OMPI_COMM_WORLD_SIZE": "4"], "OMPI_COMM_WORLD_RANK", ""),
            (["OMPI_COMM_WORLD_SIZE": "four", "OMPI_COMM_WORLD_RANK": "0"], "OMPI_COMM_WORLD_SIZE", "four"),
            (["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "4"], "OMPI_COMM_WORLD_RANK", "4 (of 4 ranks)"),
            (["PMI_SIZE": "2", "PMI_RANK": "-1"], "PMI_RANK", "-1"),
            (["SLURM_PROCID": "0", "SLURM_STEP_ID": "0"], "SLURM_NTASKS", ""),
        ]
        for (environment, name, value) in cases {
            #expect(throws: CollectivesError.malformedLauncherVariable(name: name, value: value)) {
                try LauncherEnvironment.detect(in: environment)
            }
        }
    }
}
