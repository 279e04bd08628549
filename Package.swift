// swift-tools-version: 6.2
import PackageDescription

// The processor that Swift and C code are compiled for. `native` gives full speed on the machine that builds;
// a cluster of mixed machines is built once with, for example, TRAINER_MARCH=x86-64-v3.
let processor = Context.environment["TRAINER_MARCH"] ?? "native"
// Protocols as types say so (SE-0335), as they will have to.
let upcoming: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]
// `-Xcc -march` sets Swift's own code generation too, so a plain `swift build -c release` runs at full speed.
let tuned: [SwiftSetting] = upcoming + [.unsafeFlags(["-Xcc", "-march=\(processor)", "-Xcc", "-fno-math-errno"])]
// Only Kernels drops bounds checks and preconditions; its callers check shapes first.
let unchecked: [SwiftSetting] = tuned + [.unsafeFlags(["-Ounchecked"], .when(configuration: .release))]
// Modules whose code runs now and then: small code is what every process holds in memory.
let compact: [SwiftSetting] = tuned + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

func module(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings ?? tuned)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], resources: resources, swiftSettings: tuned)
}

// What Tests/scripts/fuzz alone builds, into a folder of its own, and says so by the variable.
let fuzzing: [Target] =
    Context.environment["TRAINER_FUZZ"] == nil
    ? []
    : [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/Fuzz", exclude: ["CFuzzer"],
            swiftSettings: tuned, linkerSettings: [.linkedLibrary("stdc++")]),
    ]

let package = Package(
    name: "trainer",
    products: [.executable(name: "trainer", targets: ["trainer"])],
    dependencies: [
        // Reads the command line and writes its help; the standard choice in Swift.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Parses the YAML of run configurations and keeps line and column of every node, which each error names.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),  // reads .gz data sets
        // SHA-256 with the processor's instructions
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // Writes pictures of samples, reads a user's own.
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        // Reads recordings: WAV, FLAC and other files of sound, and archives of them.
        .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CPrefetch"),  // the compiler's cache hints, which Swift does not have
        .target(name: "CProducts"),  // products by instructions that Swift does not have
        .target(name: "CMPI", dependencies: ["COpenMPI"]),
        .target(name: "CProcess"),
        .target(name: "CPictures", dependencies: ["CJPEG", "CPNG"]),  // both libraries leave by longjmp: it stays in C

        // Modules, lowest first; arrows point down only
        module("System", ["CProcess"]),
        module("FaultInjection", []),  // what tests ask the program for; nothing without their variables
        module("JobHealth", ["CProcess", "System", "FaultInjection"]),
        module("Kernels", ["CProducts", "COpenBLAS", "CPrefetch", "System"], settings: unchecked),
        module("TensorCore", []),
        module("Autograd", ["Kernels", "TensorCore"]),
        module("ConfigurationReading", ["System", .product(name: "Yams", package: "Yams")], settings: compact),
        module("NeuralNetwork", ["System", "Kernels", "TensorCore", "Autograd", "ConfigurationReading"]),
        module("Optimization", ["Kernels", "ConfigurationReading"]),
        module(
            "DataPipeline",
            [
                "CZlib", "CSndfile", "CArchive", "CPictures", "CPrefetch", "System", "Kernels", "TensorCore",
                "ConfigurationReading",
            ]),
        module("Collectives", ["CMPI", "System"]),
        module("DataParallel", ["System", "Kernels", "Autograd", "Collectives"]),
        module("Checkpointing", ["CCrypto", "System", "TensorCore"]),
        module("Interchange", ["TensorCore", "Autograd", "NeuralNetwork", "Checkpointing"], settings: compact),
        module(
            "Training",
            [
                "System", "FaultInjection", "JobHealth", "Kernels", "TensorCore", "Autograd", "ConfigurationReading",
                "NeuralNetwork", "Optimization", "DataPipeline", "Collectives", "DataParallel", "Checkpointing",
                "Interchange",
            ], settings: compact),
        module(
            "Benchmarks",
            ["CPictures", "System", "Kernels", "TensorCore", "Autograd", "NeuralNetwork", "DataPipeline"],
            settings: compact),
        module(
            "Inspection",
            [
                "System", "JobHealth", "Kernels", "TensorCore", "Autograd", "NeuralNetwork", "Optimization",
                "ConfigurationReading", "DataPipeline", "Checkpointing", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], settings: compact),
        module(
            "Reporting",
            ["CPNG", "System", "JobHealth", "NeuralNetwork", "Checkpointing", "Training", "Inspection"],
            settings: compact),
        module("Supervision", ["CProcess", "System", "JobHealth"], settings: compact),
        module("Sweeping", ["System", "JobHealth", "Training", "Reporting"], settings: compact),
        .executableTarget(
            name: "trainer",
            dependencies: [
                "System", "FaultInjection", "JobHealth", "Kernels", "NeuralNetwork", "DataPipeline", "Collectives",
                "Checkpointing", "Interchange", "Training", "Inspection", "Benchmarks", "Reporting", "Supervision",
                "Sweeping",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: compact),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["TensorCore", "Autograd", "NeuralNetwork", "Checkpointing"],
            path: "Tests/TestSupport", swiftSettings: tuned),
        tests("SystemTests", ["System"]),
        tests("JobHealthTests", ["CProcess", "System", "JobHealth"]),
        tests("BenchmarksTests", ["CPictureEncoding", "Kernels", "DataPipeline", "Benchmarks"]),
        tests("KernelsTests", ["CProducts", "System", "Kernels"]),
        tests("TensorCoreTests", ["TensorCore"]),
        tests("AutogradTests", ["Kernels", "TensorCore", "Autograd"]),
        tests(
            "NeuralNetworkTests",
            ["System", "Kernels", "TensorCore", "Autograd", "ConfigurationReading", "NeuralNetwork"]),
        tests("OptimizationTests", ["Kernels", "ConfigurationReading", "Optimization", "Checkpointing"]),
        .target(
            name: "CPictureEncoding", dependencies: ["CJPEG", "CPNG"], path: "Tests/CPictureEncoding"),
        .executableTarget(
            name: "picture-values", dependencies: ["DataPipeline"], path: "Tests/PictureValues",
            swiftSettings: tuned),  // what Tests/scripts/pillow-pictures starts
        tests(
            "DataPipelineTests",
            ["CZlib", "CSndfile", "CArchive", "CPictureEncoding", "Kernels", "TensorCore", "DataPipeline"]),
        .target(
            name: "CollectivesConformanceChecks", dependencies: ["Collectives"],
            path: "Tests/CollectivesConformanceChecks",
            swiftSettings: tuned),
        .executableTarget(
            name: "collectives-conformance", dependencies: ["CollectivesConformanceChecks", "Collectives", "CMPI"],
            path: "Tests/CollectivesConformance", swiftSettings: tuned),  // what the tests start under mpirun
        tests(
            "CollectivesTests",
            ["System", "Collectives", "CollectivesConformanceChecks", "collectives-conformance"]),
        tests("DataParallelTests", ["System", "Kernels", "TensorCore", "Autograd", "Collectives", "DataParallel"]),
        tests("CheckpointingTests", ["Kernels", "TensorCore", "Checkpointing"]),
        tests(
            "InterchangeTests", ["Kernels", "TensorCore", "Autograd", "NeuralNetwork", "Checkpointing", "Interchange"]),
        tests(
            "TrainingTests",
            [
                "System", "JobHealth", "Kernels", "TensorCore", "Autograd", "ConfigurationReading", "NeuralNetwork",
                "Optimization", "DataPipeline", "Collectives", "DataParallel", "Checkpointing", "Training",
            ]),
        tests(
            "InspectionTests",
            [
                "System", "Kernels", "TensorCore", "Autograd", "NeuralNetwork", "Optimization", "DataPipeline",
                "Training", "Inspection",
            ]),
        tests(
            "ReportingTests",
            ["JobHealth", "TensorCore", "NeuralNetwork", "Training", "Inspection", "Reporting"]),
        tests("SupervisionTests", ["JobHealth", "Supervision"]),
        tests("SweepingTests", ["Training", "Reporting", "Sweeping"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "CPictureEncoding", "TensorCore", "ConfigurationReading", "DataPipeline", "Checkpointing", "Training",
            ],
            path: "Tests/FuzzTargets", swiftSettings: tuned),
        tests("FuzzTests", ["FuzzTargets"]),
        tests(
            "ProgramTests",
            ["JobHealth", "Kernels", "TensorCore", "NeuralNetwork", "Checkpointing", "Training", "trainer"]),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)
