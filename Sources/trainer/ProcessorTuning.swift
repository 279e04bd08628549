import Foundation
import Training

/// Gives OpenBLAS the kernels that this processor deserves, and the same ones on every machine of its kind.
///
/// OpenBLAS reads its environment when it is loaded, before any of our code runs. What it finds there, or guesses of a
/// processor newer than itself, decides about speed (AVX-512 kernels are twice as fast) and about the last bits of
/// every product. So the program derives the choice from the processor's abilities alone, sets the variables and has
/// OpenBLAS choose again; where that can't be had, where the address space is limited, or where block sizes were set,
/// which are read once, it starts itself once more, which takes each rank 25 milliseconds. `TRAINER_BLAS_CORE`
/// overrides the choice.
enum ProcessorTuning {
    static func apply() {
        var wanted: [String: String?] = [
            // Parallelism comes from grains; threads of the library's own would only take memory and cores.
            "OPENBLAS_NUM_THREADS": "1",
            // Settings of block sizes would change the bits from one machine to the next.
            "OPENBLAS_L2_SIZE": nil, "OPENBLAS_BLOCK_FACTOR": nil,
        ]
        let core = getenv("TRAINER_BLAS_CORE").map { String(cString: $0) } ?? LinearAlgebra.coreForProcessor
        if let core { wanted["OPENBLAS_CORETYPE"] = core }
        let changed = set(wanted)
        if !changed.isEmpty, !changed.isSubset(of: chosenAgain) || hasLittleAddressSpace || !choosesAgain(core) {
            var arguments = CommandLine.arguments.map { strdup($0) }
            arguments.append(nil)
            if let program = Bundle.main.executablePath { execv(program, arguments) }
            // Where that fails it goes on as it is, only slower.
        }
        LinearAlgebra.useOneThread()
    }

    /// Whether this process may not map what it likes: OpenBLAS, which takes memory for all cores when it is loaded,
    /// would wait for more for ever.
    private static var hasLittleAddressSpace: Bool {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 && limit.rlim_cur < rlim_t(Int.max)
    }

    /// Whether OpenBLAS could choose again, and has chosen what it was told to.
    private static func choosesAgain(_ core: String?) -> Bool {
        LinearAlgebra.useOneThread()
        guard LinearAlgebra.chooseAgain() else { return false }
        return core.map { $0 == LinearAlgebra.coreName } ?? true
    }

    /// What takes effect without a new start.
    private static let chosenAgain: Set<String> = ["OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE"]

    /// Sets or, for nil, removes variables; gives those that had another value.
    private static func set(_ variables: [String: String?]) -> Set<String> {
        var changed: Set<String> = []
        for (name, value) in variables where getenv(name).map({ String(cString: $0) }) != value {
            if let value { setenv(name, value, 1) } else { unsetenv(name) }
            changed.insert(name)
        }
        return changed
    }
}
