/// Text of HTML and SVG, put together element by element. What comes from outside is escaped.
struct Markup {
  private(set) var text = ""

  /// Names and values of an element, in order.
  typealias Attributes = KeyValuePairs<String, String>

  /// Takes `markup` as it stands.
  mutating func raw(_ markup: String) { text += markup }

  /// Adds `content` as text.
  mutating func text(_ content: String) { text += Self.escaped(content) }

  /// An element that holds nothing.
  mutating func element(_ name: String, _ attributes: Attributes = [:]) {
    text += Self.opening(name, attributes) + "/>"
  }

  /// An element without attributes that holds text.
  mutating func element(_ name: String, _ content: String) { element(name, [:], content) }

  /// An element that holds text.
  mutating func element(_ name: String, _ attributes: Attributes, _ content: String) {
    text += "\(Self.opening(name, attributes))>\(Self.escaped(content))</\(name)>"
  }

  /// An element that holds what `content` adds.
  mutating func element(_ name: String, _ attributes: Attributes = [:], _ content: (inout Markup) -> Void) {
    text += "\(Self.opening(name, attributes))>"
    content(&self)
    text += "</\(name)>"
  }

  /// `text` as it may stand between tags and in a quoted attribute of HTML and of XML; characters that neither allows become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\0"..<" ", "\u{7F}"..<"\u{A0}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func opening(_ name: String, _ attributes: Attributes) -> String {
    "<\(name)" + attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
  }
}
