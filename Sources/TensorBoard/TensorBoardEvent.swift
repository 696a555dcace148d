internal import Foundation
internal import SwiftProtobuf

/// One record of a TensorBoard event file.
package struct TensorBoardEvent: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// The first record of every file: which version of the messages it has.
    case version
    /// What earlier files of the folder say of this step and later ones is void.
    case start
    /// What is to be shown.
    case summaries([Summary])
  }

  /// Seconds since 1970.
  package var time: Double
  package var step: Int
  package var content: Content

  package init(time: Double, step: Int, _ content: Content) {
    (self.time, self.step, self.content) = (time, step, content)
  }
}

/// A value under a tag; the part of a tag before its first slash is its group on the page.
package struct Summary: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case scalar(Float)
    /// A grey picture as a PNG file.
    case picture(png: [UInt8], width: Int, height: Int)
  }

  package var tag: String
  /// What it is, with its unit, for the page; the first of a tag counts.
  package var description: String
  package var value: Value

  package init(_ tag: String, _ value: Value, description: String) {
    (self.tag, self.value, self.description) = (tag, value, description)
  }
}

extension TensorBoardEvent {
  /// The event as bytes to be added to a file: a protocol buffer message in its frame.
  package var record: [UInt8] {
    do {
      return RecordFrame.frame(try message.serializedBytes())
    } catch {
      // It throws for missing required fields, which version 3 of the language has none of, and for more than 2 GiB.
      preconditionFailure("an event of step \(step): \(error)")
    }
  }

  var message: TBEvent {
    var message = TBEvent()
    message.wallTime = time
    message.step = Int64(step)
    switch content {
    case .version: message.fileVersion = "brain.Event:2"
    case .start: message.sessionLog.status = .start
    case .summaries(let summaries): message.summary.value = summaries.map(\.message)
    }
    return message
  }
}

extension Summary {
  fileprivate var message: TBSummary.Value {
    var message = TBSummary.Value()
    message.tag = tag
    message.metadata.summaryDescription = description
    switch value {
    case .scalar(let value):
      message.metadata.pluginData.pluginName = "scalars"
      message.simpleValue = value
    case .picture(let png, let width, let height):
      message.metadata.pluginData.pluginName = "images"
      message.image.height = Int32(height)
      message.image.width = Int32(width)
      message.image.colorspace = 1
      message.image.encodedImageString = Data(png)
    }
    return message
  }
}
