internal import Glibc

/// The interfaces of this host and their IPv4 addresses.
enum NetworkInterfaces {
  /// Whether there is an interface `name`, up or not (if_nametoindex).
  static func isThere(_ name: String) -> Bool { unsafe if_nametoindex(name) != 0 }

  /// Those of interfaces that are up, but not loopback; of the interface `name` alone where one is named (getifaddrs).
  static func addresses(of name: String?) -> [UInt32] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var found: [UInt32] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      unsafe next = entry.ifa_next
      let flags = unsafe entry.ifa_flags
      guard let raw = unsafe entry.ifa_addr, unsafe raw.pointee.sa_family == sa_family_t(AF_INET),
        flags & UInt32(IFF_UP) != 0, flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      if let name, unsafe String(cString: entry.ifa_name) != name { continue }
      let address = unsafe raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
      }
      if !found.contains(address) { found.append(address) }
    }
    return found
  }
}
