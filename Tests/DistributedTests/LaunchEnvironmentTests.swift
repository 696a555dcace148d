import Testing

@testable import Distributed

struct LaunchEnvironmentTests {
  @Test(arguments: [
    (["OMPI_COMM_WORLD_SIZE": "4"], 4),
    (["PMI_SIZE": "3"], 3),
    (["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"], 8),
    (["OMPI_COMM_WORLD_SIZE": "2", "PMI_SIZE": "3", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"], 2),
  ])
  func theFirstLauncherThatSpeaksNamesTheTasks(variables: [String: String], tasks: Int) throws {
    let trap = LaunchEnvironment(variables).singletonTrap(worldSize: 1, library: "MPI 0")
    guard case .singletonTrap(tasks, let variable, "MPI 0") = trap else {
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
    #expect(LaunchEnvironment(variables).singletonTrap(worldSize: 1, library: "MPI 0") == nil)
  }

  @Test
  func aWorldOfManyRanksIsNoTrap() {
    #expect(LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "4"]).singletonTrap(worldSize: 4, library: "MPI 0") == nil)
  }

  @Test
  func theTrapSaysHowToLaunch() {
    let text = "\(LaunchError.singletonTrap(tasks: 4, variable: "PMI_SIZE", library: "Open MPI v4.1.4"))"
    for part in ["PMI_SIZE=4", "Open MPI v4.1.4", "mpirun -n 4", "srun --mpi=pmix", "srun --mpi=pmi2"] {
      #expect(text.contains(part))
    }
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
    #expect(names == ["OMPI_MCA_ess_singleton_isolated", "OMPI_MCA_pml", "OMPI_MCA_btl"])
    for name in ["PMIX_RANK", "PMI_FD", "OMPI_COMM_WORLD_SIZE"] {
      #expect(LaunchEnvironment([name: "0"]).settings(ranksShareCores: false).isEmpty)
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
    #expect(environment.settings(ranksShareCores: true).map(\.name) == ["OMPI_MCA_mpi_yield_when_idle"])
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
