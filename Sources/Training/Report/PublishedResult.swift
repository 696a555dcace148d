/// A published result on the same task, by the same measure.
struct PublishedResult {
  var repository: String
  var meanSquaredError: Double
  var parameters: Int
  /// Training pairs that the network saw; nil where the repository does not say.
  var samples: Double?
  /// The notebook whose network and recipe Unmix has.
  var isReproduced = false

  /// As read in the repositories, the best first.
  static let all = [
    PublishedResult(
      repository: "DanieleMorotti/Blind-Image-Separation", meanSquaredError: 2.99994e-4, parameters: 8_272_130,
      samples: 15.4e6),
    PublishedResult(
      repository: "EnricoPittini/Blind-Source-Separation", meanSquaredError: 3.146e-4, parameters: 9_261_576,
      samples: 20.5e6),
    PublishedResult(
      repository: "MoAITeam/MNIST-BlindSourceSeparation", meanSquaredError: 3.310e-4, parameters: 5_600_000,
      samples: nil),
    PublishedResult(
      repository: "yurinoviello/Blind-Source-Separation-", meanSquaredError: 3.52e-4, parameters: 17_114_562,
      samples: 15.4e6),
    PublishedResult(
      repository: "elisancarani/unet_for_image_separation_task", meanSquaredError: 3.648e-4, parameters: 43_250_506,
      samples: 22.5e6),
    PublishedResult(
      repository: "alessiococchieri/blind-source-separation", meanSquaredError: 3.677e-4, parameters: 3_684_214,
      samples: 19.4e6),
    PublishedResult(
      repository: "micheledinelli/blind-source-separation", meanSquaredError: 0.000388121648599426,
      parameters: 3_033_346, samples: 3.7e6, isReproduced: true),
  ]

  static var reproduced: PublishedResult {
    guard let result = all.first(where: \.isReproduced) else { preconditionFailure("no result is reproduced") }
    return result
  }
}
