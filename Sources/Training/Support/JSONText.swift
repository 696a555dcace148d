import Foundation

/// Values as JSON: sorted keys, numbers that read back as the same bits, infinities as words.
enum JSONText {
  static func encode(_ value: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("\(type(of: value)) has no JSON form: \(error)")
    }
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return try decoder.decode(type, from: Data(text.utf8))
  }

  /// What `error` of ``decode(_:from:)`` says, in a few words.
  static func problem(_ error: any Error) -> String {
    func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    switch error {
    case DecodingError.keyNotFound(let key, let context): return "there is no \(name(context.codingPath + [key]))"
    case DecodingError.valueNotFound(_, let context): return "\(name(context.codingPath)) is null"
    case DecodingError.typeMismatch(let type, let context): return "\(name(context.codingPath)) is no \(type)"
    case DecodingError.dataCorrupted(let context):
      return context.codingPath.isEmpty ? "no JSON" : "\(name(context.codingPath)): \(context.debugDescription)"
    default: return "\(error)"
    }
  }
}
