import Glibc
import Testing

@testable import launcher

/// What the options about stopping mean.
struct StopOptionsTests {
  @Test(arguments: [
    ("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("01:02:03", 3723),
    ("100:00:00", 360_000),
  ])
  func aDurationIsSeconds(text: String, seconds: Int) {
    #expect(DurationArgument(argument: text)?.seconds == seconds)
  }

  @Test(arguments: ["", "-1", "1.5h", "h", "nan", "1e30", "1:2", "1:60:00", "00:00:60", "5 m", "99999999999999d", "٣s"])
  func whatIsNoDurationIsRefused(text: String) {
    #expect(DurationArgument(argument: text) == nil)
  }

  @Test
  func aDurationReadsBackFromItsText() {
    for seconds in [0, 1, 59, 60, 90, 3600, 5400, 86_400, 172_800] {
      let text = DurationArgument(seconds: seconds).description
      #expect(DurationArgument(argument: text)?.seconds == seconds, "\(text)")
    }
  }

  @Test
  func signalsAreNamedWithOrWithoutSIG() {
    #expect(StopSignalList(argument: "usr1,SIGTERM")?.signals == [.usr1, .term])
    for text in ["", ",", "KILL", "USR1,KILL", "15"] { #expect(StopSignalList(argument: text) == nil, "\(text)") }
    for signal in StopSignal.allCases { #expect(signal.number > 0 && signal.number < 32) }
    #expect(Set(StopSignal.allCases.map(\.number)).count == StopSignal.allCases.count)
  }

  @Test
  func theUsersLimitWinsOverSlurms() throws {
    let limit = try #require(TimeLimit(limit: 100, margin: 30, start: 1000, slurm: "5000"))
    #expect(!limit.hasCome(now: 1069) && limit.hasCome(now: 1070))
    let slurms = try #require(TimeLimit(limit: nil, margin: 30, start: 1000, slurm: "5000"))
    #expect(!slurms.hasCome(now: 4969) && slurms.hasCome(now: 4970) && slurms.reason.contains("SLURM_JOB_END_TIME"))
    for text in [nil, "", "soon"] {
      #expect(TimeLimit(limit: nil, margin: 30, start: 1000, slurm: text) == nil)
    }
  }
}
