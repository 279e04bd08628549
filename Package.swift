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

func module(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings ?? tuned)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], resources: resources, swiftSettings: tuned)
}

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
        .systemLibrary(name: "CPrefetch"),  // the compiler's cache hints, which Swift does not have
        .target(name: "CMPI", dependencies: ["COpenMPI"]),
        .target(name: "CProcess"),

        // Modules, lowest first; arrows point down only
        module("System", ["CProcess"]),
        module("FaultInjection", []),  // what tests ask the program for; nothing without their variables
        module("JobHealth", ["System", "CProcess", "FaultInjection"]),
        module("Kernels", ["COpenBLAS", "CPrefetch"], settings: unchecked),
        module("TensorCore", ["Kernels"]),
        module("Autograd", ["TensorCore", "Kernels"]),
        module("ConfigurationReading", ["System", .product(name: "Yams", package: "Yams")]),
        module("NeuralNetwork", ["Autograd", "TensorCore", "Kernels", "ConfigurationReading"]),
        module("Optimization", ["Kernels"]),
        module("DataPipeline", ["System", "ConfigurationReading", "TensorCore", "Kernels", "CZlib", "CPrefetch"]),
        module("Collectives", ["System", "CMPI"]),
        module("DataParallel", ["System", "Kernels", "Autograd", "Collectives"]),
        module("Checkpointing", ["System", "TensorCore", "CCrypto"]),
        module("Interchange", ["TensorCore", "Autograd", "NeuralNetwork", "Checkpointing"]),
        module(
            "Training",
            [
                "System", "JobHealth", "FaultInjection", "ConfigurationReading", "Kernels", "TensorCore", "Autograd",
                "Collectives", "NeuralNetwork", "Optimization",
                "DataPipeline", "DataParallel",
                "Checkpointing",
                "Interchange",
            ]),
        module("Benchmarks", ["System", "Kernels", "TensorCore", "Autograd", "NeuralNetwork"]),
        module("Reporting", ["System", "JobHealth", "Training"]),
        module("Supervision", ["System", "JobHealth", "CProcess"]),
        .executableTarget(
            name: "trainer",
            dependencies: [
                "System", "JobHealth", "FaultInjection", "Benchmarks", "Training", "Reporting", "Supervision",
                "Checkpointing", "Collectives", "NeuralNetwork",
                "Kernels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: tuned),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["Autograd", "TensorCore", "Kernels", "Checkpointing"],
            path: "Tests/TestSupport", swiftSettings: tuned),
        tests("SystemTests", ["System"]),
        tests("JobHealthTests", ["System", "JobHealth", "CProcess"]),
        tests("BenchmarksTests", ["Benchmarks", "Kernels"]),
        tests("KernelsTests", ["Kernels"]),
        tests("TensorCoreTests", ["TensorCore"]),
        tests("AutogradTests", ["Autograd", "TensorCore", "Kernels"]),
        tests("NeuralNetworkTests", ["NeuralNetwork", "Autograd", "TensorCore", "Kernels"]),
        tests("OptimizationTests", ["Optimization", "Kernels", "Checkpointing"]),
        tests("DataPipelineTests", ["DataPipeline", "TensorCore", "Kernels", "CZlib"]),
        .target(
            name: "CollectivesConformanceChecks", dependencies: ["Collectives"],
            path: "Tests/CollectivesConformanceChecks",
            swiftSettings: tuned),
        .executableTarget(
            name: "collectives-conformance", dependencies: ["CollectivesConformanceChecks", "Collectives", "CMPI"],
            path: "Tests/CollectivesConformance", swiftSettings: tuned),  // what the tests start under mpirun
        tests("CollectivesTests", ["Collectives", "CollectivesConformanceChecks", "collectives-conformance"]),
        tests("DataParallelTests", ["DataParallel", "Autograd", "Collectives"]),
        tests("CheckpointingTests", ["Checkpointing", "TensorCore", "Kernels"]),
        tests(
            "TrainingTests",
            [
                "System", "JobHealth", "ConfigurationReading", "Kernels", "TensorCore", "Autograd", "NeuralNetwork",
                "DataPipeline", "DataParallel", "Checkpointing", "Training",
            ]),
        tests("ReportingTests", ["Reporting", "Training"]),
        tests("SupervisionTests", ["Supervision", "JobHealth"]),
        tests(
            "ProgramTests",
            ["trainer", "JobHealth", "Training", "NeuralNetwork", "Kernels", "TensorCore", "Checkpointing"]),
    ],
    swiftLanguageModes: [.v6]
)
