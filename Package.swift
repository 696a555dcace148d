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

let package = Package(
  name: "unmix",
  products: [
    .library(name: "Model", targets: ["Model"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0")
  ],
  targets: [
    .systemLibrary(name: "CMPI", pkgConfig: mpi, providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    .target(name: "Kernels", cSettings: cSettings, linkerSettings: [.linkedLibrary("gomp")]),
    .target(name: "Distributed", dependencies: ["CMPI"], swiftSettings: swiftSettings),
    .target(
      name: "Dataset",
      dependencies: ["CZlib", "CPNG", "CCurl", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swiftSettings),
    .target(name: "Model", dependencies: ["COneDNN", "Kernels"], swiftSettings: swiftSettings),

    .testTarget(name: "ModelTests", dependencies: ["Model", "Kernels", "COneDNN"], swiftSettings: swiftSettings),
    .testTarget(name: "DatasetTests", dependencies: ["Dataset"], swiftSettings: swiftSettings),
    .testTarget(name: "DistributedTests", dependencies: ["Distributed"], swiftSettings: swiftSettings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "RankChecks", dependencies: ["Distributed"], path: "Tests/Ranks/RankChecks", swiftSettings: swiftSettings),
    .testTarget(
      name: "RanksTests", dependencies: ["TestSupport", "RankChecks"], path: "Tests/Ranks/RanksTests",
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
