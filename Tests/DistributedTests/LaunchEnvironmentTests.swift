import Testing

@testable import Distributed

struct LaunchEnvironmentTests {
  private static let openMPI = MPIBuild(family: .openMPI, version: "4.1.4")
  private static let mpich = MPIBuild(family: .mpich, version: "4.0.2")
  private static let slurmStep = ["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"]

  @Test(arguments: [
    (["OMPI_COMM_WORLD_SIZE": "4"], 4),
    (["PMI_SIZE": "3"], 3),
    (["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"], 8),
    (["OMPI_COMM_WORLD_SIZE": "2", "PMI_SIZE": "3", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"], 2),
  ])
  func theFirstLauncherThatSpeaksNamesTheTasks(variables: [String: String], tasks: Int) throws {
    let trap = LaunchEnvironment(variables).singletonTrap(worldSize: 1, build: Self.mpich)
    guard case .singletonTrap(tasks, let variable, _, Self.mpich) = trap else {
      Issue.record("\(String(describing: trap))")
      return
    }
    #expect(variables[variable] == "\(tasks)")
  }

  @Test(arguments: [
    [:], ["OMPI_COMM_WORLD_SIZE": "1"], ["PMI_SIZE": "1"], ["SLURM_NTASKS": "4"], ["SLURM_STEP_NUM_TASKS": "4"],
    ["SLURM_STEP_ID": "0", "SLURM_NTASKS": "4"], ["OMPI_COMM_WORLD_SIZE": "many"],
    // mpirun inside of a Slurm step: the nearest launcher counts.
    ["OMPI_COMM_WORLD_SIZE": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"],
  ])
  func oneProcessMayBeAlone(variables: [String: String]) {
    #expect(LaunchEnvironment(variables).singletonTrap(worldSize: 1, build: Self.mpich) == nil)
  }

  @Test(arguments: [
    ([:], true), (["OMPI_COMM_WORLD_RANK": "0"], true), (["OMPI_COMM_WORLD_RANK": "1", "SLURM_PROCID": "0"], false),
    (["PMIX_RANK": "2"], false), (["PMI_RANK": "0", "SLURM_PROCID": "3"], true), (["SLURM_PROCID": "1"], false),
    (["PMIX_RANK": "0", "PMI_RANK": "2", "MPI_LOCALNRANKS": "4", "SLURM_STEP_ID": "0"], false),
    (["PMIX_RANK": "3", "PMI_RANK": "0", "MPI_LOCALNRANKS": "4", "SLURM_STEP_ID": "0"], true),
  ])
  func theNearestLauncherSaysWhoSpeaks(variables: [String: String], isRoot: Bool) {
    #expect(LaunchEnvironment(variables).isRoot == isRoot)
  }

  @Test
  func aWorldOfManyRanksIsNoTrap() {
    #expect(LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "4"]).singletonTrap(worldSize: 4, build: Self.openMPI) == nil)
  }

  @Test(
    arguments: [
      (["OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "0"], .openMPI),
      // mpirun and mpiexec.hydra inside of a Slurm job.
      (["OMPI_COMM_WORLD_SIZE": "4", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2"], .openMPI),
      (["PMI_SIZE": "4", "PMI_RANK": "0", "MPI_LOCALNRANKS": "2", "SLURM_STEP_ID": "0"], .hydra),
      (["PMI_SIZE": "4", "PMI_RANK": "0"], .hydra),
      (slurmStep.merging(["PMIX_RANK": "0"]) { $1 }, .slurm(.pmix)),
      (slurmStep.merging(["PMI_FD": "3", "PMI_RANK": "0"]) { $1 }, .slurm(.pmi2)),
      (slurmStep, .slurm(.none)),
      (["SLURM_STEP_NUM_TASKS": "4"], nil), ([:], nil),
    ] as [([String: String], RankStarter?)])
  func theStarterIsRecognised(variables: [String: String], starter: RankStarter?) {
    #expect(LaunchEnvironment(variables).starter == starter)
  }

  /// What is wrong, what the program is built with, and the command to use instead.
  @Test(
    arguments: [
      (
        ["OMPI_COMM_WORLD_SIZE": "4"], mpich,
        [
          "mpirun of Open MPI started 4", "OMPI_COMM_WORLD_SIZE=4", "MPICH 4.0.2", "mpiexec.hydra -n 4",
          "srun --mpi=pmi2",
        ]
      ),
      (
        ["PMI_RANK": "0", "PMI_SIZE": "4", "MPI_LOCALNRANKS": "4"], openMPI,
        [
          "mpiexec.hydra, MPICH's launcher, started 4", "PMI_SIZE=4", "Open MPI 4.1.4", "mpirun -n 4",
          "srun --mpi=pmix",
        ]
      ),
      (
        slurmStep.merging(["PMIX_RANK": "0"]) { $1 }, mpich,
        ["srun --mpi=pmix started 4", "MPICH 4.0.2: start it with srun --mpi=pmi2", "mpiexec.hydra -n 4"]
      ),
      (slurmStep, mpich, ["srun --mpi=none started 4", "start it with srun --mpi=pmi2"]),
      (slurmStep, openMPI, ["srun --mpi=none started 4", "start it with srun --mpi=pmix", "mpirun -n 4"]),
      (
        slurmStep.merging(["PMIX_RANK": "0"]) { $1 }, openMPI,
        ["no support of this Slurm's pmix", "start it inside of the job with Open MPI's mpirun -n 4"]
      ),
      (["OMPI_COMM_WORLD_SIZE": "4"], openMPI, ["another installation", "beside the library", "mpirun -n 4"]),
      (["PMI_SIZE": "4"], mpich, ["another installation", "beside the library", "mpiexec.hydra -n 4"]),
      (
        slurmStep, MPIBuild(family: .other, version: "3.1"),
        ["MPI 3.1: start it inside of the job with that library's own mpirun -n 4"]
      ),
    ] as [([String: String], MPIBuild, [String])])
  func theTrapSaysHowToLaunch(variables: [String: String], build: MPIBuild, parts: [String]) throws {
    let text = "\(try #require(LaunchEnvironment(variables).singletonTrap(worldSize: 1, build: build)))"
    for part in parts { #expect(text.contains(part), "\(text)") }
    #expect(!text.contains("\n"))
  }

  @Test(
    arguments: [
      ("2(x3),1", 0, 2), ("2(x3),1", 2, 2), ("2(x3),1", 3, 1), ("2(x3),1", 4, nil), ("4", 0, 4), ("3,5", 1, 5),
      ("", 0, nil), ("2(y3)", 0, nil), ("2(x0),1", 0, nil), ("4", -1, nil),
    ] as [(String, Int, Int?)])
  func slurmsListOfTasksIsRead(list: String, node: Int, tasks: Int?) {
    #expect(LaunchEnvironment.slurmTasks(list, node: node) == tasks)
  }

  @Test
  func aProcessWithoutLauncherStartsIsolated() {
    let names = LaunchEnvironment([:]).settings(ranksShareCores: false).map(\.name)
    #expect(
      names == [
        "HWLOC_COMPONENTS", "OMPI_MCA_ess_singleton_isolated", "OMPI_MCA_orte_create_session_dirs", "OMPI_MCA_pml",
        "OMPI_MCA_btl",
      ])
    for name in ["PMIX_RANK", "PMI_FD", "OMPI_COMM_WORLD_SIZE"] {
      let settings = LaunchEnvironment([name: "0"]).settings(ranksShareCores: false)
      #expect(settings.map { "\($0.name)=\($0.value)" } == ["HWLOC_COMPONENTS=-gl"])
    }
  }

  @Test(arguments: [
    ["OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_SIZE": "4"],
    ["PMI_SIZE": "8", "MPI_LOCALNRANKS": "4"],
    ["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "5", "SLURM_STEP_TASKS_PER_NODE": "1,4", "SLURM_NODEID": "1"],
  ])
  func ranksYieldWhereTheyOutnumberTheCores(variables: [String: String]) {
    let environment = LaunchEnvironment(variables)
    #expect(environment.ranksShareCores(affinityCount: 3, quota: nil))
    #expect(environment.ranksShareCores(affinityCount: 16, quota: 3))
    #expect(!environment.ranksShareCores(affinityCount: 4, quota: 4))
    #expect(!environment.ranksShareCores(affinityCount: 4, quota: nil))
    #expect(
      environment.settings(ranksShareCores: true).map(\.name) == ["HWLOC_COMPONENTS", "OMPI_MCA_mpi_yield_when_idle"])
  }

  @Test(arguments: [
    ["OMPI_COMM_WORLD_LOCAL_SIZE": "4", "OMPI_MCA_orte_bound_at_launch": "1"],
    ["SLURM_STEP_ID": "0", "SLURM_STEP_TASKS_PER_NODE": "4", "SLURM_CPU_BIND_TYPE": "mask_cpu:"],
  ])
  func boundRanksShareAQuotaOnly(variables: [String: String]) {
    let environment = LaunchEnvironment(variables)
    #expect(!environment.ranksShareCores(affinityCount: 1, quota: nil))
    #expect(!environment.ranksShareCores(affinityCount: 1, quota: 4))
    #expect(environment.ranksShareCores(affinityCount: 1, quota: 3))
  }

  @Test
  func aProcessWithoutLauncherSharesNothing() {
    #expect(!LaunchEnvironment([:]).ranksShareCores(affinityCount: 1, quota: 1))
  }
}
