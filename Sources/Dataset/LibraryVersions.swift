import CCurl
import CPNG
import CZlib

/// The C libraries of this target: the version that runs, and that of the headers which the program is compiled with.
package enum LibraryVersions {
  /// C functions: `png_get_libpng_ver`; PNG_LIBPNG_VER_STRING.
  package static var libpng: (running: String, built: String) {
    (unsafe String(cString: png_get_libpng_ver(nil)), PNG_LIBPNG_VER_STRING)
  }

  /// C functions: `zlibVersion`; ZLIB_VERSION.
  package static var zlib: (running: String, built: String) { (unsafe String(cString: zlibVersion()), ZLIB_VERSION) }

  /// C functions: `curl_version_info`; LIBCURL_VERSION.
  package static var libcurl: (running: String, built: String) {
    (unsafe String(cString: CCurl_version()), LIBCURL_VERSION)
  }
}
