import Testing
import Training

@testable import launcher

/// Wall times, amounts of memory and quoted words.
struct JobValuesTests {
  @Test(arguments: [
    ("5", 300), ("90", 5400), ("5:30", 330), ("90:00", 5400), ("04:00:00", 14_400), ("36:00:00", 129_600),
    ("1-0", 86_400),
    ("2-12", 216_000), ("1-06:30", 109_800), ("0-00:10:05", 605),
  ])
  func aWallTimeIsSeconds(text: String, seconds: Int) {
    #expect(WallTime(argument: text)?.seconds == seconds)
  }

  @Test(arguments: [
    "", "-5", "5:", ":5", "5:60", "1:60:00", "1:2:3:4", "1-24", "1-2-3", "1-", "-1-2", "1-2:60", "1-2:3:60", "1h",
    "1.5",
    "unlimited", "٣", " 5", "100000:00",
  ])
  func whatIsNoWallTimeIsRefused(text: String) {
    #expect(WallTime(argument: text) == nil)
  }

  @Test
  func aWallTimeReadsBackFromItsText() {
    for seconds in [0, 59, 60, 3599, 3600, 86_400, 109_805] {
      let time = WallTime(seconds: seconds)
      #expect(WallTime(argument: time.description) == time, "\(time)")
    }
    #expect(WallTime(seconds: 109_805).description == "30:30:05" && WallTime(seconds: 14_400).description == "04:00:00")
    #expect(WallTime(seconds: 109_805).words == "30 h 30 min 5 s" && WallTime(seconds: 0).words == "0 s")
  }

  @Test
  func memoryHasAUnit() throws {
    let size = try #require(MemorySize(argument: "4g"))
    #expect(size.bytes == 4 << 30 && size.slurm == "4G" && size.pbs == "4gb")
    #expect(MemorySize(argument: "512M")?.bytes == 512 << 20)
    #expect(MemorySize(argument: "1T")?.bytes == 1 << 40 && MemorySize(argument: "8K")?.bytes == 8192)
    for text in ["", "4", "G", "0G", "-1G", "1.5G", "4GB", "4 G", "٣G", "9999999G"] {
      #expect(MemorySize(argument: text) == nil, "\(text)")
    }
  }

  @Test
  func wordsAreQuotedWhereBashWouldChangeThem() {
    for word in ["a", "--epochs=3", "/a/b_c.d", "x,y:z@1+%"] { #expect(ShellWord.quote(word) == word) }
    #expect(
      ShellWord.quote("") == "''" && ShellWord.quote("a b") == "'a b'" && ShellWord.quote("it's") == #"'it'\''s'"#)
    // An apostrophe and a mark that combines with it are one character, and two words to bash all the same.
    #expect(Array(ShellWord.quote("a'\u{301} b").utf8) == Array(#"'a'\''"#.utf8) + Array("\u{301} b'".utf8))
    #expect(ShellWord.quote("a\n'\\\u{1}7") == #"$'a\n\'\\\0017'"#)
  }
}
