/// How a job is watched. Rank 0 decides; the others are told.
package struct WatchdogSettings: Sendable, Codable, Equatable {
  /// Seconds without progress after which the job ends; 0 for no watching, nil for ten median steps, at least 60 s. Before the first step it is at least 90 s.
  package var stallTimeout: Int?
  /// The network interface for heartbeats between hosts; nil for all that are up.
  package var interface: String?
  /// Who else receives rank 0's heartbeats: see ``SupervisorAddress``.
  package var supervisor: String?
  /// The program's name, for its messages.
  package var program: String

  package init(program: String, stallTimeout: Int? = nil, interface: String? = nil, supervisor: String? = nil) {
    (self.program, self.stallTimeout, self.interface) = (program, stallTimeout, interface)
    self.supervisor = supervisor
  }

  /// Throws ``InterfaceError`` where the named interface of this host cannot carry heartbeats. Local.
  /// - Parameter toOtherHosts: they leave this host, so the interface needs an address.
  package func checkInterface(toOtherHosts: Bool) throws(InterfaceError) {
    guard let interface else { return }
    guard NetworkInterfaces.isThere(interface) else {
      throw InterfaceError(interface: interface, host: Host.name, problem: .missing)
    }
    guard !toOtherHosts || !NetworkInterfaces.addresses(of: interface).isEmpty else {
      throw InterfaceError(interface: interface, host: Host.name, problem: .noAddress)
    }
  }

  /// Least seconds where nothing else was said.
  static let leastTimeout = 60.0
  /// Least seconds before the first step, whose length nobody knows. The others wait while rank 0 waits for a folder's last owner, and
  /// where no heartbeats arrive they do not hear that it does.
  static let leastStartTimeout = 90.0
  /// Steps or batches without which the timeout passes.
  static let medianSteps = 10.0

  /// Seconds of silence that end the job; `median` is the length of a step or batch, nil before the first.
  func timeout(median: Double?) -> Double {
    guard let median else { return max(Self.leastStartTimeout, Double(stallTimeout ?? 0)) }
    return stallTimeout.map(Double.init) ?? max(Self.leastTimeout, Self.medianSteps * median)
  }

  /// Seconds after which a rank that says nothing is missing: several heartbeats, but seen before the timeout comes.
  static func silenceLimit(timeout: Double) -> Double { max(2.5, min(10, timeout / 2)) }
}

/// An interface that was named for heartbeats and cannot carry them.
package struct InterfaceError: Error, Equatable, CustomStringConvertible, Sendable {
  package enum Problem: Sendable { case missing, noAddress }

  package let interface: String
  package let host: String
  package let problem: Problem

  package var description: String {
    let what =
      switch problem {
      case .missing: "there is no \(interface) on \(host)"
      case .noAddress: "\(interface) on \(host) has no IPv4 address for other hosts, or is down"
      }
    return "--heartbeat-interface: \(what); ip -brief address lists what there is, and without the option all are used"
  }
}

/// Where a supervisor listens to rank 0's heartbeats: an address of its host and the token it expects.
package struct SupervisorAddress: Equatable, Sendable {
  package var address: DatagramAddress
  package var token: UInt128

  /// The variable in which a supervisor hands it to what it starts.
  package static let variable = "UNMIX_SUPERVISOR"

  package init(address: DatagramAddress, token: UInt128) { (self.address, self.token) = (address, token) }

  /// Reads what `text` wrote; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = DatagramAddress(parts[0]), let token = UInt128(parts[1], radix: 16) else {
      return nil
    }
    self.init(address: address, token: token)
  }

  /// `127.0.0.1:4711/9f86d081...`.
  package var text: String { "\(address.text)/\(String(token, radix: 16))" }
}
