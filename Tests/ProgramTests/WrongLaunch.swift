import Testing

/// A way to start the program that cannot be right, and what the refusal must say.
struct WrongLaunch: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// Ranks under `mpirun`; nil without it.
    var ranks: Int?
    /// Lines of a shell script that each process runs before it becomes `"$@"`, the program; `$RANK` is its rank and
    /// `$FOLDER` the test's folder.
    var script: String
    /// Instead of a training run: the program's arguments, `FOLDER` standing for the test's folder.
    var arguments: [String]?
    /// What a training run gets besides.
    var options: [String]
    var environment: [String: String]
    /// Words of the message: the place, the cause, the remedy. The first names the line.
    var words: [String]

    init(
        _ name: String, ranks: Int? = 2, _ script: String = "", arguments: [String]? = nil, options: [String] = [],
        environment: [String: String] = [:], says words: String...
    ) {
        testDescription = name
        self.ranks = ranks
        self.script = script
        self.arguments = arguments
        self.options = options
        self.environment = environment
        self.words = words
    }

    /// What `srun` without a process manager tells one of four tasks.
    private static let slurmTask = [
        "SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_STEPID": "0", "SLURM_JOB_ID": "7",
        "SLURM_JOBID": "7",
        "SLURM_LOCALID": "0", "SLURM_NODELIST": "localhost",
    ]

    /// All but those that need a second job or certain hardware.
    static let all: [WrongLaunch] = worlds + identities + settings + supervisors

    // MARK: - Launcher and MPI do not belong together

    private static let worlds = [
        WrongLaunch(
            "four worlds of one rank, by a launcher that Open MPI does not know", ranks: nil,
            environment: ["PMI_RANK": "0", "PMI_SIZE": "4"],
            says: "announced rank 0 of 4, but MPI reports rank 0 of 1", "mpiexec of MPICH", "mpirun of the Open MPI",
            "srun --mpi=pmix"),
        WrongLaunch(
            "srun without PMIx", ranks: nil, environment: slurmTask,
            says: "srun announced rank 0 of 4, but MPI reports rank 0 of 1", "srun --mpi=pmix"),
        WrongLaunch(
            "a launcher that announces more ranks than MPI has", "export OMPI_COMM_WORLD_SIZE=4",
            says: "announced rank 0 of 4, but MPI reports rank 0 of 2", "do not belong together", "mpirun"),
        WrongLaunch(
            "the same on one rank alone", "[ $RANK = 1 ] && export OMPI_COMM_WORLD_SIZE=4",
            says: "announced rank 1 of 4, but MPI reports rank 1 of 2", "do not belong together", "mpirun"),
        WrongLaunch(
            "a launcher's variable that is no number", ranks: 3, "export OMPI_COMM_WORLD_SIZE=four",
            says: "OMPI_COMM_WORLD_SIZE is 'four'", "Unset it to run as one process, or start the job with mpirun"),
        WrongLaunch(
            "a rank outside its world", ranks: nil,
            environment: ["OMPI_COMM_WORLD_RANK": "4", "OMPI_COMM_WORLD_SIZE": "4"],
            says: "OMPI_COMM_WORLD_RANK is '4 (of 4 ranks)'", "Unset it"),
    ]

    // MARK: - Ranks that differ

    private static let identities = [
        WrongLaunch(
            "another program on one rank",
            "if [ $RANK = 1 ]; then cp \"$1\" $FOLDER/other; echo >> $FOLDER/other; shift; set -- $FOLDER/other "
                + "\"$@\"; fi",
            says: "rank 1 runs another program than rank 0 on ", "rank 1 of 2 on ", "SHA-256",
            "give all hosts the same file"),
        WrongLaunch(
            "another command on one rank", "[ $RANK = 1 ] && set -- \"$1\" evaluate $FOLDER/run",
            says: "rank 1 runs 'evaluate', rank 0 on ", "runs 'train'", "start all ranks with one command"),
        WrongLaunch(
            "another command on rank 0", ranks: 3, "[ $RANK = 0 ] && set -- \"$1\" doctor",
            says: "rank 1 (and 1 other) runs 'train', rank 0 on ", "runs 'doctor'", "start all ranks with one command"),
        WrongLaunch(
            "another benchmark on one rank", "[ $RANK = 1 ] && set -- \"$1\" bench step mlp",
            arguments: ["bench", "step", "lenet5"],
            says: "rank 1 runs 'bench step mlp", "runs 'bench step lenet5", "start all ranks with one command"),
        WrongLaunch(
            "other kernels of OpenBLAS on one rank", "[ $RANK = 1 ] && export TRAINER_BLAS_CORE=Nehalem",
            says: "rank 1 computes with OpenBLAS kernels for Nehalem, rank 0 on "
                + "", "set TRAINER_BLAS_CORE on all ranks"),
        WrongLaunch(
            "another learning rate on one rank", ranks: 3,
            "[ $RANK = 2 ] && set -- \"$@\" --set optimizer.learningRate=0.3 --set batch=32",
            says: "rank 2 has another configuration than rank 0 on ", "optimizer.learningRate: 0.2 → 0.3",
            "batch: 64 → 32",
            "give all ranks the same configuration file"),
        WrongLaunch(
            "another seed on all ranks but one", ranks: 3, "[ $RANK = 0 ] || set -- \"$@\" --seed 9",
            says: "rank 1 (and 1 other) has another configuration than rank 0 on ", ": seed: 5 → 9 (",
            "the same options"),
        WrongLaunch(
            "other steps between checkpoints, which change no weights",
            "[ $RANK = 1 ] && set -- \"$@\" --set checkpoint.everySteps=1",
            says: "checkpoint.everySteps: 4 → 1", "rank 1 of 2 on ", "give all ranks the same configuration file"),
        WrongLaunch(
            "another deadline on one rank", "[ $RANK = 1 ] && set -- \"$@\" --deadline 7",
            says: "deadlineSeconds: 300.0 → 7.0", "rank 1 of 2 on ", "the same options"),
    ]

    // MARK: - Numbers of ranks and threads

    private static let settings = [
        WrongLaunch("more ranks than grains", ranks: 5, says: "5 ranks for 4 grains", "start at most 4 ranks"),
        WrongLaunch(
            "--np inside a launched job", options: ["--np", "2"], says: "--np inside a job that a launcher has started",
            "leave it out"),
        WrongLaunch(
            "evaluate --np inside a launched job", arguments: ["evaluate", "FOLDER", "--np", "2"],
            says: "--np inside a job that a launcher has started", "leave it out"),
        WrongLaunch(
            "a supervisor inside a launched job", options: ["--restarts", "2"],
            says: "--restarts, --host and --hostfile inside a job that a launcher has started", "leave it out"),
        WrongLaunch("no ranks", ranks: nil, options: ["--np", "0"], says: "--np 0: give 1 to 65536"),
        WrongLaunch("no threads on any rank", options: ["--threads", "0"], says: "--threads 0: give 1 to 1024"),
    ]

    // MARK: - --np, --host and --min-np

    private static let supervisors = [
        WrongLaunch(
            "mpirun is not there", ranks: nil, options: ["--np", "2"], environment: ["PATH": "/nowhere"],
            says: "mpirun: not found", "install Open MPI (openmpi-bin), or leave --np out"),
        WrongLaunch(
            "evaluate where mpirun is not there", ranks: nil, arguments: ["evaluate", "FOLDER", "--np", "2"],
            environment: ["PATH": "/nowhere"],
            says: "mpirun: not found", "leave --np out"),
        WrongLaunch(
            "more ranks than slots", ranks: nil, options: ["--np", "3", "--host", "localhost:2"],
            says: "2 slots left for at least 3 ranks", "add hosts, or give a smaller --min-np"),
        WrongLaunch(
            "--min-np above --np", ranks: nil, options: ["--np", "2", "--min-np", "3"],
            says: "--min-np 3: more than --np 2", "give at most that"),
        WrongLaunch(
            "--min-np without --np", ranks: nil, options: ["--min-np", "1"], says: "--min-np 1: without --np",
            "give --np too"),
        WrongLaunch(
            "a host that nobody knows", ranks: nil, options: ["--np", "2", "--host", "no such host:2"],
            says: "'no such host' is no host that this machine knows",
            "correct the name, or give its address in /etc/hosts"),
        WrongLaunch(
            "the same, and too few slots without it", ranks: nil,
            options: ["--np", "2", "--host", "localhost:1,no such host:1", "--restarts", "1"],
            says: "'no such host' is no host that this machine knows", "correct the name"),
        WrongLaunch(
            "a host file that is not there", ranks: nil, options: ["--np", "1", "--hostfile", "/no/such/hosts"],
            says: "/no/such/hosts: No such file", "give a file with one 'HOST slots=N' a line"),
        WrongLaunch(
            "a host without slots", ranks: nil, options: ["--np", "1", "--host", "a:0"], says: "'a:0' is no host",
            "HOST:N"),
        WrongLaunch(
            "--host and --hostfile", ranks: nil, options: ["--np", "1", "--host", "a", "--hostfile", "b"],
            says: "--hostfile and --host", "give one of them"),
    ]
}
