/// Fourier transforms of 16 images of one size, side by side in the lanes of vectors.
struct PlaneSpectrum {
    private let height: Int
    private let width: Int
    private let rows: FFTLine
    private let columns: FFTLine
    private let rowRadices: [Int]
    private let columnRadices: [Int]
    private let spare: FFTLine.Elements

    init(_ level: ScatteringLevel, _ memory: ScatteringMemory) {
        (height, width) = (level.height, level.width)
        let twiddles = memory.twiddles(of: level.resolution)
        rows = FFTLine(count: width, twiddles: twiddles)
        columns = FFTLine(count: height, twiddles: twiddles + 2 * width)
        rowRadices = FFTLine.radices(of: width)
        columnRadices = FFTLine.radices(of: height)
        spare = memory.lines
    }

    /// Z[u, v] = Σ z[j, k] · exp(−2πi (j u / height + k v / width)), in the place of z.
    func transform(_ plane: FFTLine.Elements) {
        for u in 0..<height {
            let row = FFTLine.Elements(re: plane.re + u * width, im: plane.im + u * width)
            rows.transform(row, into: row, spare: spare, radices: rowRadices)
        }
        for v in 0..<width {
            let column = FFTLine.Elements(re: plane.re + v, im: plane.im + v, stride: width)
            columns.transform(column, into: column, spare: spare, radices: columnRadices)
        }
    }

    /// The inverse, times height · width.
    func inverse(_ plane: FFTLine.Elements) { transform(plane.swapped) }
}

/// The working memory of a scattering transform.
struct ScatteringMemory {
    /// The transform of the padded images.
    let image: FFTLine.Elements
    /// An image behind one wavelet and behind two.
    let first: FFTLine.Elements
    let second: FFTLine.Elements
    /// [path, place].
    let coefficients: UnsafeMutablePointer<Vector>
    /// A row of an image.
    let row: UnsafeMutablePointer<Vector>
    /// Two lines of the longest kind.
    let lines: FFTLine.Elements
    // Of the gradient alone.
    let imageGradient: FFTLine.Elements
    /// An image behind one wavelet, before the modulus.
    let filtered: FFTLine.Elements
    let firstGradient: FFTLine.Elements
    /// For a modulus behind two wavelets.
    let modulusGradient: UnsafeMutablePointer<Vector>
    /// Where each level's twiddle factors begin.
    private let twiddles: UnsafeMutablePointer<Float>
    private let twiddlePlaces: [Int]

    /// Floats of all of it.
    static func count(_ transform: ScatteringTransform, forGradient: Bool) -> Int {
        let (pixels, coarser) = (transform.pixels, (transform.pixels + 3) / 4)
        let longest = max(transform.paddedHeight, transform.paddedWidth)
        let vectors =
            4 * pixels + 2 * coarser + transform.pathCount * transform.places + transform.paddedWidth + 4 * longest
            + (forGradient ? 6 * pixels + coarser : 0)
        // The levels' twiddle factors, each half as many as those before.
        return 16 * vectors + 4 * (transform.paddedHeight + transform.paddedWidth)
    }

    /// - Parameter memory: ``count(_:forGradient:)`` floats, 64-byte aligned.
    init(_ transform: ScatteringTransform, forGradient: Bool, at memory: UnsafeMutablePointer<Float>) {
        let vectors = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Vector.self)
        var used = 0
        func take(_ count: Int) -> UnsafeMutablePointer<Vector> {
            defer { used += count }
            return vectors + used
        }
        func plane(_ count: Int) -> FFTLine.Elements { FFTLine.Elements(re: take(count), im: take(count)) }
        let pixels = transform.pixels
        let coarser = (pixels + 3) / 4
        let longest = max(transform.paddedHeight, transform.paddedWidth)
        image = plane(pixels)
        first = plane(pixels)
        second = plane(coarser)
        coefficients = take(transform.pathCount * transform.places)
        row = take(transform.paddedWidth)
        lines = plane(2 * longest)
        imageGradient = plane(forGradient ? pixels : 0)
        filtered = plane(forGradient ? pixels : 0)
        firstGradient = plane(forGradient ? pixels : 0)
        modulusGradient = take(forGradient ? coarser : 0)
        twiddles = memory + 16 * used
        var places: [Int] = []
        var floats = 0
        for resolution in 0..<transform.scales {
            places.append(floats)
            floats += 2 * ((transform.paddedHeight >> resolution) + (transform.paddedWidth >> resolution))
        }
        twiddlePlaces = places
    }

    /// Where the twiddle factors of a level stand: of a row, then of a column.
    func twiddles(of resolution: Int) -> UnsafeMutablePointer<Float> { twiddles + twiddlePlaces[resolution] }

    func clear(_ plane: FFTLine.Elements, count: Int) {
        plane.re.update(repeating: .zero, count: count)
        plane.im.update(repeating: .zero, count: count)
    }
}
