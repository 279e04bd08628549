/// What the environment says about the launcher that started this process, before MPI is asked.
package struct LauncherEnvironment: Equatable, Sendable {
    /// Who starts the ranks of a job.
    package enum Launcher: String, Sendable {
        case openMPI = "mpirun of Open MPI"
        case slurm = "srun"
        case pmi = "a PMI launcher such as mpiexec of MPICH"
        case pmix = "a PMIx launcher such as prterun"
    }

    /// Who started this process.
    package var launcher: Launcher
    /// The rank that the launcher gave this process.
    package var rank: Int
    /// How many ranks it announced, `nil` where it does not tell.
    package var worldSize: Int?
    /// The rank among those on this host, `nil` where it does not tell.
    package var localRank: Int?
    /// How many ranks it started on this host, `nil` where it does not tell.
    package var localSize: Int?
    /// Whether nothing is there through which MPI could find the other ranks; Open MPI would then end the process
    /// itself.
    package var isWithoutProcessManager: Bool

    /// How this rank's messages begin before MPI is asked: `rank 1 of 4 on node2`.
    package var name: String { "rank \(rank)\(worldSize.map { " of \($0)" } ?? "") on \(HostInformation.name)" }

    /// What a launcher announced.
    package init(
        launcher: Launcher, rank: Int, worldSize: Int?, localRank: Int? = nil, localSize: Int? = nil,
        isWithoutProcessManager: Bool = false
    ) {
        self.launcher = launcher
        self.rank = rank
        self.worldSize = worldSize
        self.localRank = localRank
        self.localSize = localSize
        self.isWithoutProcessManager = isWithoutProcessManager
    }

    /// What the variables of a process tell, `nil` when no launcher started it.
    ///
    /// Throws when a launcher's variable is not a number or the rank lies outside the world. A Slurm batch script is
    /// not a rank: only processes of an `srun` step are, and of a step of one task only with a process manager for MPI.
    package static func detect(in environment: [String: String]) throws -> LauncherEnvironment? {
        let variables = Variables(values: environment)
        if environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["OMPI_COMM_WORLD_RANK"] != nil {
            return try LauncherEnvironment(
                launcher: .openMPI, rank: variables.required("OMPI_COMM_WORLD_RANK"),
                worldSize: variables.required("OMPI_COMM_WORLD_SIZE"),
                localRank: variables.optional("OMPI_COMM_WORLD_LOCAL_RANK"),
                localSize: variables.optional("OMPI_COMM_WORLD_LOCAL_SIZE")
            ).checked(rankVariable: "OMPI_COMM_WORLD_RANK")
        }
        if try isSlurmStep(variables) {
            let size = try variables.optional("SLURM_STEP_NUM_TASKS") ?? variables.required("SLURM_NTASKS")
            let hosts = try variables.optional("SLURM_STEP_NUM_NODES") ?? variables.optional("SLURM_NNODES")
            let isAlone = !offersProcessManager(environment)
            if isAlone && size == 1 { return nil }
            var result = try LauncherEnvironment(
                launcher: .slurm, rank: variables.required("SLURM_PROCID"), worldSize: size,
                localRank: variables.optional("SLURM_LOCALID"), localSize: hosts == 1 ? size : nil
            ).checked(rankVariable: "SLURM_PROCID")
            result.isWithoutProcessManager = isAlone
            return result
        }
        if environment["PMI_RANK"] != nil {
            return try LauncherEnvironment(
                launcher: .pmi, rank: variables.required("PMI_RANK"), worldSize: variables.optional("PMI_SIZE"),
                localRank: variables.optional("MPI_LOCALRANKID"), localSize: variables.optional("MPI_LOCALNRANKS")
            ).checked(rankVariable: "PMI_RANK")
        }
        if environment["PMIX_RANK"] != nil {
            return try LauncherEnvironment(launcher: .pmix, rank: variables.required("PMIX_RANK"), worldSize: nil)
        }
        return nil
    }

    /// Slurm numbers steps from 0 and gives batch scripts and interactive shells the numbers just below 2³².
    private static func isSlurmStep(_ variables: Variables) throws -> Bool {
        guard variables.values["SLURM_PROCID"] != nil else { return false }
        guard let step = try variables.optional("SLURM_STEP_ID") ?? variables.optional("SLURM_STEPID") else {
            return false
        }
        return step < 0xFFFF_FF00
    }

    /// The rank that a launcher gave this process as far as any variable tells, 0 without one; for errors, which rank 0
    /// tells.
    package static func announcedRank(in environment: [String: String]) -> Int {
        ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].lazy.compactMap {
            environment[$0].flatMap(Int.init)
        }.first ?? 0
    }

    /// Whether `srun` was told to serve MPI (`--mpi=pmix`, `pmi2`), or the user has told Open MPI how it finds its
    /// ranks.
    private static func offersProcessManager(_ environment: [String: String]) -> Bool {
        ["PMIX_NAMESPACE", "PMIX_RANK", "PMI_FD", "OMPI_MCA_pmix"].contains { environment[$0] != nil }
    }

    /// The error for a process that MPI counts otherwise than its launcher.
    func mismatch(rank: Int, worldSize: Int) -> CollectivesError {
        .launchMismatch(
            launcher: launcher.rawValue, claimedRank: self.rank, claimedSize: self.worldSize, rank: rank,
            worldSize: worldSize)
    }

    private func checked(rankVariable: String) throws -> LauncherEnvironment {
        if let worldSize, rank >= worldSize {
            throw CollectivesError.malformedLauncherVariable(
                name: rankVariable, value: "\(rank) (of \(worldSize) ranks)")
        }
        return self
    }

    /// Reads counts from an environment.
    private struct Variables {
        let values: [String: String]

        func optional(_ name: String) throws -> Int? { values[name] == nil ? nil : try required(name) }

        func required(_ name: String) throws -> Int {
            let text = values[name] ?? ""
            guard let number = Int(text), number >= 0 else {
                throw CollectivesError.malformedLauncherVariable(name: name, value: text)
            }
            return number
        }
    }
}
