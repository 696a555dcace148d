// swift-tools-version: 6.2
import PackageDescription

/// `UNMIX_MPI=mpich` builds against MPICH; everything else is the same source.
let mpi = Context.environment["UNMIX_MPI"] == "mpich" ? "mpich" : "ompi-c"

/// Warnings are errors in continuous integration only: a newer compiler must not stop somebody's build.
let inContinuousIntegration = Context.environment["CI"] != nil

var swiftSettings: [SwiftSetting] = [.strictMemorySafety(), .enableUpcomingFeature("InternalImportsByDefault")]
var cSettings: [CSetting] = [.enableWarning("all"), .enableWarning("conversion")]
if inContinuousIntegration {
  swiftSettings.append(.treatAllWarnings(as: .error))
  cSettings.append(.treatAllWarnings(as: .error))
}

/// `UNMIX_FUZZ=1` adds the programs of Fuzz/ and instruments this package for libFuzzer; see `make fuzz`.
let isFuzzing = Context.environment["UNMIX_FUZZ"] != nil
let fuzzerFlags = ["-sanitize=fuzzer,address"]
if isFuzzing { swiftSettings.append(.unsafeFlags(fuzzerFlags)) }

let package = Package(
  name: "unmix",
  products: [
    .executable(name: "launcher", targets: ["launcher"]),
    .library(name: "Model", targets: ["Model"]),
    // For tests, which preload it into the launcher.
    .library(name: "FileFaults", type: .dynamic, targets: ["FileFaults"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "5.0.1"),
  ],
  targets: [
    .systemLibrary(name: "CMPI", pkgConfig: mpi, providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // The name that stays the same where a build of HDF5 for MPI is installed beside it.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    .target(name: "Kernels", cSettings: cSettings, linkerSettings: [.linkedLibrary("gomp")]),
    .target(name: "Distributed", dependencies: ["CMPI"], swiftSettings: swiftSettings),
    .target(
      name: "Dataset",
      dependencies: ["CZlib", "CPNG", "CCurl", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swiftSettings),
    .target(name: "Model", dependencies: ["COneDNN", "Kernels"], swiftSettings: swiftSettings),
    .target(
      name: "Interchange",
      dependencies: ["Model", "CHDF5", "CZlib", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Protocol/onnx.proto"], swiftSettings: swiftSettings),
    .target(
      name: "TensorBoard", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      // The text that event.pb.swift is made from.
      exclude: ["Protocol/event.proto"], swiftSettings: swiftSettings),
    .target(
      name: "Training",
      dependencies: [
        "Kernels", "Model", "Dataset", "Distributed", "TensorBoard",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: swiftSettings),
    .target(name: "Processes", swiftSettings: swiftSettings),
    .executableTarget(
      name: "launcher",
      dependencies: [
        "Training", "Model", "Dataset", "Distributed", "Interchange", "Processes",
        .product(name: "Yams", package: "Yams"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // The batch scripts of cluster/, so that the program needs no files beside it.
      resources: [.embedInCode("Templates")],
      swiftSettings: swiftSettings),

    .testTarget(name: "KernelsTests", dependencies: ["TestSupport", "Kernels"], swiftSettings: swiftSettings),
    .testTarget(
      name: "ModelTests", dependencies: ["TestSupport", "Model", "Kernels", "COneDNN"], swiftSettings: swiftSettings),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "TestSupport", "Training", "TensorBoard", "Distributed", "Model", "Dataset",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: swiftSettings),
    .testTarget(name: "DatasetTests", dependencies: ["TestSupport", "Dataset", "CZlib"], swiftSettings: swiftSettings),
    .testTarget(
      name: "InterchangeTests",
      dependencies: [
        "TestSupport", "Interchange", "Model", "CHDF5", "CZlib",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TensorBoardTests",
      dependencies: ["TensorBoard", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      swiftSettings: swiftSettings),
    .testTarget(name: "DistributedTests", dependencies: ["Distributed"], swiftSettings: swiftSettings),
    .target(
      name: "TestSupport", dependencies: ["Processes"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "RankChecks", dependencies: ["Distributed"], path: "Tests/Ranks/RankChecks", swiftSettings: swiftSettings),
    .testTarget(
      name: "LauncherTests", dependencies: ["TestSupport", "launcher", "Training", "Model", "Dataset"],
      swiftSettings: swiftSettings),
    .target(name: "FileFaults", path: "Tests/Ranks/FileFaults", cSettings: cSettings),
    .executableTarget(
      name: "FaultBench",
      dependencies: ["TestSupport", "Training", "Model", .product(name: "Crypto", package: "swift-crypto")],
      path: "Tests/Faults/FaultBench", swiftSettings: swiftSettings),
    .target(name: "AllocationCounter", path: "Tests/Ranks/AllocationCounter", cSettings: cSettings),
    .executableTarget(
      name: "StepChecks", dependencies: ["Training", "Model", "Dataset", "Distributed", "AllocationCounter"],
      path: "Tests/Ranks/StepChecks", swiftSettings: swiftSettings),
    .executableTarget(
      name: "TrainingChecks", dependencies: ["Training", "Model", "Dataset", "Distributed"],
      path: "Tests/Ranks/TrainingChecks", swiftSettings: swiftSettings),
    .testTarget(
      name: "RanksTests",
      dependencies: ["TestSupport", "RankChecks", "StepChecks", "TrainingChecks", "launcher", "Model", "Training"],
      path: "Tests/Ranks/RanksTests", swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)

if isFuzzing {
  package.targets.append(.target(name: "FuzzDriver", path: "Fuzz/FuzzDriver", swiftSettings: swiftSettings))
  for (name, tested) in [("FuzzIDX", "Dataset"), ("FuzzSafeTensors", "Model"), ("FuzzCheckpoint", "Training")] {
    package.targets.append(
      .executableTarget(
        name: name, dependencies: ["FuzzDriver", .byName(name: tested)], path: "Fuzz/\(name)",
        swiftSettings: swiftSettings + [.unsafeFlags(["-parse-as-library"])],
        linkerSettings: [.unsafeFlags(fuzzerFlags + ["-use-ld=lld"])]))
  }
}
