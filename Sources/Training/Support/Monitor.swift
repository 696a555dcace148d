import Glibc

/// A value that threads share: a mutex, and a condition for who waits for a change of it.
///
/// Unchecked, because the value is touched under the mutex alone.
@safe
final class Monitor<Value>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var value: Value

  init(_ value: Value) {
    self.value = value
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    Self.check(unsafe pthread_mutex_init(mutex, nil), "pthread_mutex_init")
    Self.check(unsafe pthread_condattr_init(&attributes), "pthread_condattr_init")
    // Waiting must not end early or late because somebody sets the clock.
    Self.check(unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), "pthread_condattr_setclock")
    Self.check(unsafe pthread_cond_init(changed, &attributes), "pthread_cond_init")
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Runs `body` on the value and wakes those who wait for a change.
  func access<Result>(_ body: (inout Value) -> Result) -> Result {
    lock()
    defer { unlock() }
    defer { Self.check(unsafe pthread_cond_broadcast(changed), "pthread_cond_broadcast") }
    return body(&value)
  }

  /// Waits until `body` gives something, which it is asked for now and after every change.
  func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
    lock()
    defer { unlock() }
    while true {
      if let result = body(&value) {
        Self.check(unsafe pthread_cond_broadcast(changed), "pthread_cond_broadcast")
        return result
      }
      Self.check(unsafe pthread_cond_wait(changed, mutex), "pthread_cond_wait")
    }
  }

  /// As `wait(_:)`, but no longer than `seconds`; then nil.
  func wait<Result>(seconds: Double, _ body: (inout Value) -> Result?) -> Result? {
    let end = Stopwatch.now + seconds
    var time = timespec(tv_sec: Int(end), tv_nsec: Int((end - end.rounded(.down)) * 1e9))
    lock()
    defer { unlock() }
    while true {
      if let result = body(&value) {
        Self.check(unsafe pthread_cond_broadcast(changed), "pthread_cond_broadcast")
        return result
      }
      let status = unsafe pthread_cond_timedwait(changed, mutex, &time)
      if status == ETIMEDOUT { return nil }
      Self.check(status, "pthread_cond_timedwait")
    }
  }

  private func lock() { Self.check(unsafe pthread_mutex_lock(mutex), "pthread_mutex_lock") }
  private func unlock() { Self.check(unsafe pthread_mutex_unlock(mutex), "pthread_mutex_unlock") }

  private static func check(_ status: Int32, _ function: String) {
    precondition(status == 0, "\(function): error \(status)")
  }
}
