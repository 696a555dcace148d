import Glibc

/// The value of this process's environment variable `name`; nil where there is none (getenv).
func environmentVariable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
