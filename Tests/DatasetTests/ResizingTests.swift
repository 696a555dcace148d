import Testing

@testable import Dataset

struct ResizingTests {
  /// Every pixel of the result is the mean of the area that it covers.
  @Test
  func resizedPicturesKeepTheMeanOfEveryArea() {
    let picture = GreyPicture(width: 4, height: 2, pixels: [0, 100, 200, 100, 100, 0, 0, 100])
    #expect(picture.resized(fitting: 2) == GreyPicture(width: 2, height: 1, pixels: [50, 100]))
    let three = GreyPicture(width: 3, height: 3, pixels: [90, 0, 30, 0, 0, 0, 30, 0, 240])
    // A half of each pixel in the middle row and column.
    #expect(three.resized(fitting: 2).pixels == [40, 13, 13, 107])
    #expect(three.resized(fitting: 3) == three)
  }

  @Test
  func smallerPicturesGrowAndThinOnesKeepAPixel() {
    let two = GreyPicture(width: 2, height: 1, pixels: [10, 250])
    #expect(two.resized(fitting: 4) == GreyPicture(width: 4, height: 2, pixels: [10, 10, 250, 250, 10, 10, 250, 250]))
    let line = GreyPicture(width: 1000, height: 1, pixels: [UInt8](repeating: 7, count: 1000))
    #expect(line.resized(fitting: 28) == GreyPicture(width: 28, height: 1, pixels: [UInt8](repeating: 7, count: 28)))
  }
}
