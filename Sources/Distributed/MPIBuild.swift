internal import CMPI

/// The MPI library whose headers a program is compiled with: it decides which launchers the program understands.
package struct MPIBuild: Equatable, Sendable, CustomStringConvertible {
  /// Libraries whose launchers are known here.
  package enum Family: String, Sendable {
    case openMPI = "Open MPI"
    case mpich = "MPICH"
    /// None of them; the version is then that of the MPI standard.
    case other = "MPI"
  }

  package let family: Family
  package let version: String

  package init(family: Family, version: String) { (self.family, self.version) = (family, version) }

  /// This program's, from the macros of mpi.h.
  package static let ofThisProgram = MPIBuild(
    family: {
      switch CMPI_header_family() {
      case .openMPI: .openMPI
      case .mpich: .mpich
      case .other: .other
      }
    }(), version: unsafe String(cString: CMPI_header_version()))

  package var description: String { "\(family.rawValue) \(version)" }
}
