// swift-tools-version: 6.2
import PackageDescription

// The processor that Swift and C code are compiled for. `native` gives full speed on the machine that builds;
// a cluster of mixed machines is built once with, for example, TRAINER_MARCH=x86-64-v3.
let processor = Context.environment["TRAINER_MARCH"] ?? "native"
// `-Xcc -march` sets Swift's own code generation too, so a plain `swift build -c release` runs at full speed.
let tuned: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(processor)", "-Xcc", "-fno-math-errno"])]
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
        module("Optimization", ["Autograd"]),
        module("DataPipeline", ["System", "ConfigurationReading", "TensorCore", "Kernels", "CZlib", "CPrefetch"]),
        module("Collectives", ["System", "CMPI"]),
        module("DataParallel", ["System", "Autograd", "Collectives"]),
        module("Checkpointing", ["System", "TensorCore", "CCrypto"]),
        module("Interchange", ["Checkpointing", "NeuralNetwork"]),
        module(
            "Training",
            [
                "System", "JobHealth", "FaultInjection", "ConfigurationReading", "NeuralNetwork", "Optimization",
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
        tests("JobHealthTests", ["System", "JobHealth"]),
        tests("BenchmarksTests", ["Benchmarks", "Kernels"]),
        tests("KernelsTests", ["Kernels"]),
        tests("TensorCoreTests", ["TensorCore"]),
        tests("AutogradTests", ["Autograd", "Kernels", "Checkpointing"]),
        tests("NeuralNetworkTests", ["NeuralNetwork", "Checkpointing"]),
        tests("OptimizationTests", ["Optimization", "Checkpointing"]),
        tests("DataPipelineTests", ["DataPipeline"]),
        .target(
            name: "CollectivesConformanceChecks", dependencies: ["Collectives"],
            path: "Tests/CollectivesConformanceChecks",
            swiftSettings: tuned),
        .executableTarget(
            name: "collectives-conformance", dependencies: ["CollectivesConformanceChecks", "CMPI"],
            path: "Tests/CollectivesConformance", swiftSettings: tuned),  // what the tests start under mpirun
        tests("CollectivesTests", ["CollectivesConformanceChecks", "collectives-conformance"]),
        tests("DataParallelTests", ["DataParallel"]),
        tests("CheckpointingTests", ["Checkpointing"]),
        tests("TrainingTests", ["System", "JobHealth", "Training", "DataParallel", "Autograd"]),
        tests("ReportingTests", ["Reporting"]),
        tests("SupervisionTests", ["Supervision"]),
        tests("ProgramTests", ["trainer", "Training", "NeuralNetwork", "Kernels"]),
    ],
    swiftLanguageModes: [.v6]
)
