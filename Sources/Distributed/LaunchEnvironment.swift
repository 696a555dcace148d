#if canImport(Glibc)
  internal import Glibc
#endif

/// What the environment variables of launchers say about this process. Values only: deciding is pure, so it is tested.
package struct LaunchEnvironment: Sendable {
  /// The variables that matter here, among any others.
  package let variables: [String: String]

  package init(_ variables: [String: String]) { self.variables = variables }

  /// Of every launcher that speaks PMI.
  private static let pmi = ["PMI_SIZE", "PMI_RANK", "PMI_FD", "PMI_PORT"]
  /// Of every launcher that speaks PMIx.
  private static let pmix = ["PMIX_RANK", "PMIX_NAMESPACE"]
  /// Where a launcher says which rank this is, the nearest launcher first. srun's PMIx may lie around hydra.
  private static let ranks = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"]
  private static let ranksOfHydra = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]
  private static let names =
    pmi + pmix + ranks + [
      "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "OMPI_MCA_orte_bound_at_launch", "MPI_LOCALNRANKS",
      "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_NODEID", "SLURM_CPU_BIND_TYPE",
    ]

  /// Those of this process.
  package static var current: LaunchEnvironment {
    var variables: [String: String] = [:]
    for name in names {
      if let value = unsafe getenv(name) { variables[name] = unsafe String(cString: value) }
    }
    return LaunchEnvironment(variables)
  }

  /// How many tasks the launcher says it started, and which variable says so; nil where no launcher is to be seen.
  ///
  /// Never SLURM_NTASKS: it is set in the batch script itself, where one process is meant.
  package var tasks: (count: Int, variable: String)? {
    let candidates =
      ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"] + (variables["SLURM_STEP_ID"] == nil ? [] : ["SLURM_STEP_NUM_TASKS"])
    for name in candidates {
      guard let text = variables[name] else { continue }
      return Int(text).map { ($0, name) }
    }
    return nil
  }

  /// Whether this process speaks for all: rank 0, or one that no launcher started.
  package var isRoot: Bool {
    let names = variables["MPI_LOCALNRANKS"] == nil ? Self.ranks : Self.ranksOfHydra
    return names.lazy.compactMap { variables[$0] }.first.map { $0 == "0" } ?? true
  }

  /// Which launcher it was; nil where none is to be seen.
  ///
  /// Inside of a Slurm job mpirun and mpiexec.hydra start their helpers by srun, so their own marks come first: PMI_SIZE is
  /// hydra's where MPI_LOCALNRANKS stands beside it, which srun does not set.
  package var starter: RankStarter? {
    if variables["OMPI_COMM_WORLD_SIZE"] != nil { return .openMPI }
    let speaksPMI = Self.pmi.contains { variables[$0] != nil }
    if variables["SLURM_STEP_ID"] == nil || variables["MPI_LOCALNRANKS"] != nil { return speaksPMI ? .hydra : nil }
    if Self.pmix.contains(where: { variables[$0] != nil }) { return .slurm(.pmix) }
    return .slurm(speaksPMI ? .pmi2 : .none)
  }

  /// The error to throw where the launcher started several tasks and MPI, asked by one of them, says that it is alone.
  package func singletonTrap(worldSize: Int, build: MPIBuild) -> LaunchError? {
    guard worldSize == 1, let starter, let (count, variable) = tasks, count > 1 else { return nil }
    return .singletonTrap(tasks: count, variable: variable, starter: starter, build: build)
  }

  /// Whether some launcher has prepared this process to be one of several ranks.
  package var hasLauncher: Bool {
    tasks != nil || (Self.pmi + Self.pmix).contains { variables[$0] != nil }
  }

  /// How many ranks share this node, as far as the launcher says so before MPI is started.
  package var ranksOnNode: Int? {
    for name in ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"] {
      if let text = variables[name] { return Int(text) }
    }
    guard variables["SLURM_STEP_ID"] != nil, let list = variables["SLURM_STEP_TASKS_PER_NODE"] else { return nil }
    return Self.slurmTasks(list, node: variables["SLURM_NODEID"].flatMap { Int($0) } ?? 0)
  }

  /// Entry `node` of Slurm's abbreviated list: `2(x3),1` means 2, 2, 2, 1.
  static func slurmTasks(_ list: String, node: Int) -> Int? {
    guard node >= 0 else { return nil }
    var first = 0
    for entry in list.split(separator: ",") {
      let parts = entry.split { $0 == "(" || $0 == ")" }
      guard let tasks = parts.first.flatMap({ Int($0) }) else { return nil }
      var nodes = 1
      if parts.count > 1 {
        guard parts[1].first == "x", let repeated = Int(parts[1].dropFirst()), repeated > 0 else { return nil }
        nodes = repeated
      }
      if node - first < nodes { return tasks }
      first += nodes
    }
    return nil
  }

  /// Whether the launcher says that it bound each rank to cores of its own: one rank's mask then tells nothing about
  /// the others'.
  var bindsRanks: Bool {
    variables["OMPI_MCA_orte_bound_at_launch"] == "1" || variables["SLURM_CPU_BIND_TYPE"]?.hasPrefix("mask_cpu") == true
  }

  /// Whether this node has more ranks than cores for them, given the size of this rank's affinity mask and the cgroups'
  /// quota in whole cores. Where a launcher binds ranks without saying so the answer is yes, which costs little.
  package func ranksShareCores(affinityCount: Int, quota: Int?) -> Bool {
    guard let ranksOnNode else { return false }
    return ranksOnNode > min(bindsRanks ? .max : affinityCount, quota ?? .max)
  }

  /// What to put into the environment while MPI starts.
  ///
  /// - A process that no launcher started needs no daemon of Open MPI (`orted`) and no network: without them it starts in
  ///   a tenth of the time, and where no daemon is installed. Nor does it need a folder for its session, which all
  ///   such processes of a host share: one that ends would remove it while another starts.
  /// - Ranks that share cores must give them away while they wait: spinning, 4 ranks on 2 cores need 11 ms for a small
  ///   sum, yielding 18 us. Open MPI's mpirun knows the cores of the machine, but no cgroup quota.
  /// - hwloc, which looks for cores on behalf of MPI, has a plug-in that looks for graphics cards through X displays :0 to :9. It takes
  ///   whatever listens on ports 6000 to 6009 for one, TensorBoard (6006) too, and waits for its answer for ever.
  package func settings(ranksShareCores: Bool) -> [(name: String, value: String)] {
    let always = [(name: "HWLOC_COMPONENTS", value: "-gl")]
    guard hasLauncher else {
      return always + [
        ("OMPI_MCA_ess_singleton_isolated", "1"), ("OMPI_MCA_orte_create_session_dirs", "0"), ("OMPI_MCA_pml", "ob1"),
        ("OMPI_MCA_btl", "self"),
      ]
    }
    return always + (ranksShareCores ? [("OMPI_MCA_mpi_yield_when_idle", "1")] : [])
  }
}
