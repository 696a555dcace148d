import CCurl
import Glibc

/// One download by libcurl's easy interface, which knows proxies (from the environment), redirects and ranges.
/// Owns the handle and frees it in `deinit`.
@safe final class CurlTransfer {
  /// Why libcurl gave up.
  struct Failure: Error {
    let code: CURLcode
    /// The status of the HTTP answer, 0 where there was none.
    var status = 0
    /// One line, libcurl's own words where it has some.
    let reason: String
    /// The file could not be opened or written.
    var isOfThisMachine: Bool { code == CURLE_WRITE_ERROR }
    /// What lies on the disk cannot become the file: the server cannot go on from its end, or it is too large.
    var spoilsPartialFile: Bool {
      code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME || code == CURLE_ABORTED_BY_CALLBACK
        || status == 416
    }
  }

  /// Bytes of the file on the disk so far, and in all where the server says so.
  typealias Progress = (_ receivedByteCount: Int, _ totalByteCount: Int?) -> Void

  private let handle: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>

  /// Initialised once for the process, before the first handle.
  private static let globalCode: CURLcode = CCurl_global_init()

  init() throws(Failure) {
    guard Self.globalCode == CURLE_OK, let handle = unsafe curl_easy_init() else {
      throw Failure(code: CURLE_FAILED_INIT, reason: "curl_easy_init: libcurl does not start")
    }
    unsafe self.handle = handle
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    unsafe curl_easy_cleanup(handle)
    unsafe errorText.deallocate()
  }

  /// Appends the part of `url` that `path` does not hold yet to `path`. Gives up when no connection stands after
  /// `connectTimeout` seconds, when less than a byte a second arrives for 30 seconds, or when the file grows
  /// beyond `limit` bytes. Only https is spoken, after redirects too; `fromThisMachine` is plain http past any proxy.
  func download(
    _ url: String, appendingTo path: String, connectTimeout: Int, limit: Int, fromThisMachine: Bool = false,
    progress: @escaping Progress
  ) throws(Failure) {
    let present = FileSystem.byteCount(of: path)
    guard let file = unsafe fopen(path, "abe") else {
      throw Failure(code: CURLE_WRITE_ERROR, reason: FileSystem.text(of: errno))
    }
    let watcher = Watcher(present: present, limit: limit, progress: progress)
    let result: Result<Void, Failure>
    do throws(Failure) {
      try unsafe check(CCurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
      try unsafe check(CCurl_set_text(handle, CURLOPT_URL, url))
      try unsafe check(CCurl_set_text(handle, CURLOPT_USERAGENT, "unmix"))
      try unsafe check(CCurl_set_long(handle, CURLOPT_NOSIGNAL, 1))
      let scheme = fromThisMachine ? "http" : "https"
      try unsafe check(CCurl_set_text(handle, CURLOPT_PROTOCOLS_STR, scheme))
      try unsafe check(CCurl_set_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, scheme))
      if fromThisMachine { try unsafe check(CCurl_set_text(handle, CURLOPT_PROXY, "")) }
      try unsafe check(CCurl_set_long(handle, CURLOPT_FAILONERROR, 1))
      try unsafe check(CCurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 1))
      try unsafe check(CCurl_set_long(handle, CURLOPT_MAXREDIRS, 5))
      try unsafe check(CCurl_set_long(handle, CURLOPT_CONNECTTIMEOUT, connectTimeout))
      try unsafe check(CCurl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1))
      try unsafe check(CCurl_set_long(handle, CURLOPT_LOW_SPEED_TIME, 30))
      try unsafe check(CCurl_set_size(handle, CURLOPT_RESUME_FROM_LARGE, Int64(present)))
      try unsafe check(CCurl_set_file(handle, file))
      let context = unsafe Unmanaged.passUnretained(watcher).toOpaque()
      try unsafe check(CCurl_set_progress(handle, watch, context))
      try withExtendedLifetime(watcher) { () throws(Failure) in try unsafe check(curl_easy_perform(handle)) }
      result = .success(())
    } catch {
      let tooLarge = Failure(code: error.code, reason: "it sends more than \(limit) bytes")
      result = .failure(watcher.isOverLimit ? tooLarge : error)
    }
    let closed = unsafe fclose(file)
    let closeCode = errno
    try result.get()
    guard closed == 0 else {
      throw Failure(code: CURLE_WRITE_ERROR, reason: FileSystem.text(of: closeCode))
    }
  }

  /// The one place where libcurl's answers are judged.
  private func check(_ code: CURLcode) throws(Failure) {
    guard code != CURLE_OK else { return }
    let special = unsafe String(cString: errorText)
    let general = unsafe String(cString: curl_easy_strerror(code))
    throw Failure(
      code: code, status: unsafe CCurl_response_code(handle), reason: special.isEmpty ? general : special)
  }
}

/// What libcurl's progress function needs.
private final class Watcher {
  private let present: Int
  private let limit: Int
  private let progress: CurlTransfer.Progress
  private(set) var isOverLimit = false

  init(present: Int, limit: Int, progress: @escaping CurlTransfer.Progress) {
    self.present = present
    self.limit = limit
    self.progress = progress
  }

  func update(downloaded: Int, total: Int) -> Int32 {
    let received = present + downloaded
    isOverLimit = max(received, present + total) > limit
    progress(received, total > 0 ? present + total : nil)
    return isOverLimit ? 1 : 0
  }
}

private func watch(
  _ context: UnsafeMutableRawPointer?, _ total: curl_off_t, _ downloaded: curl_off_t, _: curl_off_t, _: curl_off_t
) -> Int32 {
  guard let context = unsafe context else { return 0 }
  let watcher = unsafe Unmanaged<Watcher>.fromOpaque(context).takeUnretainedValue()
  return watcher.update(downloaded: Int(downloaded), total: Int(total))
}
