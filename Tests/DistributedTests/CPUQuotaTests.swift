import Testing

@testable import Distributed

struct CPUQuotaTests {
  @Test(
    arguments: [
      ("150000 100000\n", 1.5), ("200000 100000", 2), ("50000", 0.5), ("max 100000", nil), ("", nil),
      ("-1 100000", nil),
      ("100000 0", nil), ("many cores", nil),
    ] as [(String, Double?)])
  func version2GrantsQuotaOverPeriod(text: String, cores: Double?) {
    #expect(CPUQuota.limit(cpuMax: text) == cores)
  }

  @Test(
    arguments: [
      ("400000\n", "100000\n", 4), ("-1\n", "100000\n", nil), (nil, "100000", nil), ("400000", nil, nil),
    ] as [(String?, String?, Double?)])
  func version1GrantsQuotaOverPeriod(quota: String?, period: String?, cores: Double?) {
    #expect(CPUQuota.limit(quota: quota, period: period) == cores)
  }

  @Test
  func theTightestOfAllGroupsAboveCounts() {
    let files = [
      "/proc/self/cgroup": "0::/user.slice/run.scope\n",
      "/sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
      "/sys/fs/cgroup/user.slice/run.scope/cpu.max": "800000 100000\n",
    ]
    #expect(CPUQuota.cores { files[$0] } == 3)
  }

  @Test
  func aContainersOwnRootCounts() {
    let version2 = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "250000 100000\n"]
    #expect(CPUQuota.cores { version2[$0] } == 2)

    let version1 = [
      "/proc/self/cgroup": "5:memory:/docker/a1\n4:cpu,cpuacct:/docker/a1\n1:name=systemd:/docker/a1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ]
    #expect(CPUQuota.cores { version1[$0] } == 3)
  }

  @Test
  func version1AloneIsReadWhereItsControllerIsMountedAlone() {
    let files = [
      "/proc/self/cgroup": "2:cpuacct:/\n1:cpu:/job\n0::/\n",
      "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "100000\n",
      "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "50000\n",
    ]
    #expect(CPUQuota.cores { files[$0] } == 2)
  }

  @Test
  func lessThanACoreIsOne() {
    let files = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "20000 100000\n"]
    #expect(CPUQuota.cores { files[$0] } == 1)
  }

  @Test
  func noLimitIsNil() {
    let unlimited = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n"]
    #expect(CPUQuota.cores { unlimited[$0] } == nil)
    #expect(CPUQuota.cores { _ in nil } == nil)
    #expect(CPUQuota.cores { $0 == "/proc/self/cgroup" ? "nonsense\n:::\n" : nil } == nil)
  }
}
