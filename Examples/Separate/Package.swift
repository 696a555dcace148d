// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Separate",
  dependencies: [.package(name: "unmix", path: "../..")],
  targets: [.executableTarget(name: "Separate", dependencies: [.product(name: "Model", package: "unmix")])]
)
