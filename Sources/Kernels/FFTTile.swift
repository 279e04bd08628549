/// The two-dimensional Fourier transforms of tiles of real numbers, 32 channels at a time, and their values as factors
/// of products.
///
/// Two real channels travel as one complex one, A + i · B, and are told apart in the spectrum by its symmetry (Cooley,
/// Lewis and Welch 1970): A[u, v] = (Z[u, v] + conj Z[−u, −v]) / 2. Half the points of a real tile's spectrum determine
/// the other half: 4 are real, height · width / 2 − 2 are complex, and a complex product takes three real ones
/// (``ComplexFactor``).
struct FFTTile {
    let height: Int
    let width: Int
    private let rows: FFTLine
    private let columns: FFTLine
    /// A tile, [height, width].
    private let tile: FFTLine.Elements
    private let line: FFTLine.Elements
    private let spare: FFTLine.Elements

    /// Floats of working memory for tiles of this size.
    static func workCount(height: Int, width: Int) -> Int {
        2 * FFTLine.twiddleCount + 16 * 2 * (height * width + 3 * max(height, width))
    }

    /// Real products for each channel of a tile.
    static func products(height: Int, width: Int) -> Int { 3 * (height * width / 2 - 2) + 4 }

    /// - Parameter work: room for ``workCount(height:width:)`` floats.
    init(height: Int, width: Int, work: UnsafeMutablePointer<Float>) {
        self.height = height
        self.width = width
        rows = FFTLine(count: width, twiddles: work)
        columns = FFTLine(count: height, twiddles: work + FFTLine.twiddleCount)
        let vectors = UnsafeMutableRawPointer(work + 2 * FFTLine.twiddleCount).assumingMemoryBound(to: Vector.self)
        let (count, longest) = (height * width, max(height, width))
        tile = FFTLine.Elements(re: vectors, im: vectors + count)
        line = FFTLine.Elements(re: vectors + 2 * count, im: vectors + (2 * count + longest))
        spare = FFTLine.Elements(re: vectors + (2 * count + 2 * longest), im: vectors + (2 * count + 4 * longest))
    }

    @inline(__always)
    private func column(_ v: Int) -> FFTLine.Elements {
        FFTLine.Elements(re: tile.re + v, im: tile.im + v, stride: width)
    }

    @inline(__always)
    private func row(_ u: Int) -> FFTLine.Elements {
        FFTLine.Elements(re: tile.re + u * width, im: tile.im + u * width)
    }

    /// The factors of a tile's spectrum, times 2 · `scale`, to `target`, each in a plane of its own, planes `plane`
    /// floats apart.
    ///
    /// - Parameters:
    ///   - rows: rows of the tile that are not zero; `columns` likewise.
    ///   - isPair: whether the second 16 channels exist.
    ///   - load: 16 channels as the real part and the next 16, or zero, as the imaginary part, at (row, column).
    @inline(__always)
    func analyze<Factor: ComplexFactor>(
        _: Factor.Type, rows filledRows: Int, columns filledColumns: Int, scale: Float, isPair: Bool,
        into target: UnsafeMutablePointer<Float>, plane: Int, load: (Int, Int) -> FFTLine.Complex
    ) {
        let zero = FFTLine.Complex(re: .zero, im: .zero)
        for u in 0..<filledRows {
            for v in 0..<filledColumns { line[v] = load(u, v) }
            for v in filledColumns..<width { line[v] = zero }
            rows.transform(line, into: row(u), spare: spare)
        }
        for index in filledRows * width..<height * width { tile[index] = zero }
        for v in 0..<width { columns.transform(column(v), into: column(v), spare: spare) }

        @inline(__always)
        func store(_ value: Vector, _ index: Int) { target.store(value * scale, index) }
        forEachRealPoint { point, product in
            let z = tile[point]
            store(z.re + z.re, product * plane)
            if isPair { store(z.im + z.im, product * plane + 16) }
        }
        forEachPair { point, mirrored, product in
            let (z, m) = (tile[point], tile[mirrored])
            @inline(__always)
            func store3(_ z: FFTLine.Complex, _ index: Int) {
                let planes = Factor.planes(z)
                store(planes.0, index)
                store(planes.1, index + plane)
                store(planes.2, index + 2 * plane)
            }
            store3(FFTLine.Complex(re: z.re + m.re, im: z.im - m.im), product * plane)
            if isPair { store3(FFTLine.Complex(re: z.im + m.im, im: m.re - z.re), product * plane + 16) }
        }
    }

    /// The tile, times height · width, whose spectrum has these products: the adjoint of the factors, then the inverse
    /// transform.
    ///
    /// - Parameter store: takes the values of 16 channels and of the next 16 at (row, column) for the first `rows` ·
    ///   `columns` places.
    @inline(__always)
    func synthesize<Factor: ComplexFactor>(
        _: Factor.Type, from source: UnsafePointer<Float>, plane: Int, isPair: Bool, rows neededRows: Int,
        columns neededColumns: Int,
        store: (Int, Int, FFTLine.Complex) -> Void
    ) {
        forEachRealPoint { point, product in
            tile[point] = FFTLine.Complex(
                re: source.vector(product * plane), im: isPair ? source.vector(product * plane + 16) : .zero)
        }
        forEachPair { point, mirrored, product in
            @inline(__always)
            func load3(_ index: Int) -> FFTLine.Complex {
                Factor.adjoint(source.vector(index), source.vector(index + plane), source.vector(index + 2 * plane))
            }
            let a = load3(product * plane)
            let b = isPair ? load3(product * plane + 16) : FFTLine.Complex(re: .zero, im: .zero)
            tile[point] = FFTLine.Complex(re: a.re - b.im, im: a.im + b.re)
            tile[mirrored] = FFTLine.Complex(re: a.re + b.im, im: b.re - a.im)
        }
        for v in 0..<width { columns.transform(column(v).swapped, into: column(v).swapped, spare: spare) }
        for u in 0..<neededRows {
            rows.transform(row(u).swapped, into: line.swapped, spare: spare)
            for v in 0..<neededColumns { store(u, v, line[v]) }
        }
    }

    /// Calls `body(point, product)` for the four points whose spectrum is real.
    @inline(__always)
    private func forEachRealPoint(_ body: (Int, Int) -> Void) {
        for product in 0..<4 { body(product / 2 * (height / 2) * width + product % 2 * (width / 2), product) }
    }

    /// Calls `body(point, mirrored point, first of three products)` for half of the other points.
    @inline(__always)
    private func forEachPair(_ body: (Int, Int, Int) -> Void) {
        var product = 4
        for u in 0..<height {
            let mirroredRow = u == 0 ? 0 : height - u
            // The outer columns mirror themselves: half of their rows determine the others.
            let step = u > 0 && u < height / 2 ? 1 : 0
            for v in 1 - step..<width / 2 + step {
                let mirroredColumn = v == 0 ? 0 : width - v
                body(u * width + v, mirroredRow * width + mirroredColumn, product)
                product += 3
            }
        }
    }
}

/// A linear map from complex numbers to three real factors, and its adjoint.
///
/// The product y = x · conj(w) from three real ones (after Gauss; Winograd 1980): with x₁ = xᵣ + xᵢ, w₁ = wᵢ,
/// w₂ = wᵣ − wᵢ, w₃ = wᵣ + wᵢ and k = (x₁ w₁, xᵣ w₂, xᵢ w₃): yᵣ = k₂ + k₁, yᵢ = k₃ − k₁.
/// The gradients x′ = y′ · w and w′ = x · conj(y′) are the adjoints of the three maps on the same factors.
protocol ComplexFactor {
    static func planes(_ z: FFTLine.Complex) -> (Vector, Vector, Vector)
    static func adjoint(_ first: Vector, _ second: Vector, _ third: Vector) -> FFTLine.Complex
}

/// x → (xᵣ + xᵢ, xᵣ, xᵢ)
enum FFTInputFactor: ComplexFactor {
    @inline(__always)
    static func planes(_ z: FFTLine.Complex) -> (Vector, Vector, Vector) { (z.re + z.im, z.re, z.im) }

    @inline(__always)
    static func adjoint(_ first: Vector, _ second: Vector, _ third: Vector) -> FFTLine.Complex {
        FFTLine.Complex(re: first + second, im: first + third)
    }
}

/// w → (wᵢ, wᵣ − wᵢ, wᵣ + wᵢ)
enum FFTFilterFactor: ComplexFactor {
    @inline(__always)
    static func planes(_ z: FFTLine.Complex) -> (Vector, Vector, Vector) { (z.im, z.re - z.im, z.re + z.im) }

    @inline(__always)
    static func adjoint(_ first: Vector, _ second: Vector, _ third: Vector) -> FFTLine.Complex {
        FFTLine.Complex(re: second + third, im: first - second + third)
    }
}

/// y′ → (y′ᵣ − y′ᵢ, y′ᵣ, y′ᵢ); the adjoint reads y from the products.
enum FFTOutputFactor: ComplexFactor {
    @inline(__always)
    static func planes(_ z: FFTLine.Complex) -> (Vector, Vector, Vector) { (z.re - z.im, z.re, z.im) }

    @inline(__always)
    static func adjoint(_ first: Vector, _ second: Vector, _ third: Vector) -> FFTLine.Complex {
        FFTLine.Complex(re: second + first, im: third - first)
    }
}
