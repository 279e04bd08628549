/// Lays the patches under a filter out as matrix rows, and adds such rows back: the two halves of convolution as a
/// matrix product.
///
/// Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006.
struct PatchMatrix {
    let g: ConvolutionGeometry

    /// Rows `first ..< first + rows` (output pixels in row-major order) of group `group`: [rows, kh, kw, c / groups].
    func gather(_ x: UnsafePointer<Float>, group: Int, first: Int, rows: Int, into col: UnsafeMutablePointer<Float>) {
        let channels = g.groupInputChannels
        let lineCount = g.kernelWidth * channels
        forEachLine(first: first, rows: rows) { line, row, imageRow, column in
            let target = col + line
            guard row >= 0 else {
                target.update(repeating: 0, count: lineCount)
                return
            }
            let source = x + imageRow * g.inputWidth * g.inputChannels + group * channels
            forEachRun(column: column) { tap, taps, inputColumn in
                if inputColumn < 0 {
                    (target + tap * channels).update(repeating: 0, count: taps * channels)
                } else {
                    copyRun(source + inputColumn * g.inputChannels, to: target + tap * channels, count: taps * channels)
                }
            }
        }
    }

    /// dx += the rows of `col`, each value added where ``gather(_:group:first:rows:into:)`` took it from.
    func scatter(_ col: UnsafePointer<Float>, group: Int, first: Int, rows: Int, into dx: UnsafeMutablePointer<Float>) {
        let channels = g.groupInputChannels
        forEachLine(first: first, rows: rows) { line, row, imageRow, column in
            guard row >= 0 else { return }
            let target = dx + imageRow * g.inputWidth * g.inputChannels + group * channels
            forEachRun(column: column) { tap, taps, inputColumn in
                if inputColumn >= 0 {
                    accumulate(
                        col + line + tap * channels, into: target + inputColumn * g.inputChannels,
                        count: taps * channels)
                }
            }
        }
    }

    /// Calls `body(offset in the matrix, input row or −1, row counted over the batch, leftmost input column)` for every
    /// filter row of every pixel.
    @inline(__always)
    private func forEachLine(first: Int, rows: Int, _ body: (Int, Int, Int, Int) -> Void) {
        let outputWidth = g.outputWidth
        let outputHeight = g.outputHeight
        let lineCount = g.kernelWidth * g.groupInputChannels
        var ow = first % outputWidth
        var oh = first / outputWidth % outputHeight
        var n = first / outputWidth / outputHeight
        var offset = 0
        for _ in 0..<rows {
            let column = ow * g.strideWidth - g.paddingLeft
            for kh in 0..<g.kernelHeight {
                let row = oh * g.strideHeight - g.paddingTop + kh * g.dilationHeight
                let inside = row >= 0 && row < g.inputHeight
                body(offset, inside ? row : -1, n * g.inputHeight + row, column)
                offset += lineCount
            }
            ow += 1
            if ow == outputWidth {
                ow = 0
                oh += 1
                if oh == outputHeight {
                    oh = 0
                    n += 1
                }
            }
        }
    }

    /// Splits a filter row at `column` into runs of taps that are contiguous in the input (column ≥ 0) or padding (−1).
    @inline(__always)
    private func forEachRun(column: Int, _ body: (Int, Int, Int) -> Void) {
        if g.dilationWidth == 1 && g.groups == 1 {
            let left = min(max(-column, 0), g.kernelWidth)
            let right = min(max(g.inputWidth - column, left), g.kernelWidth)
            if left > 0 { body(0, left, -1) }
            if right > left { body(left, right - left, column + left) }
            if right < g.kernelWidth { body(right, g.kernelWidth - right, -1) }
        } else {
            for kw in 0..<g.kernelWidth {
                let inputColumn = column + kw * g.dilationWidth
                body(kw, 1, inputColumn >= 0 && inputColumn < g.inputWidth ? inputColumn : -1)
            }
        }
    }

    @inline(__always)
    private func copyRun(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
        var i = 0
        while i + 16 <= count {
            target.store(source.vector(i), i)
            i += 16
        }
        while i < count {
            target[i] = source[i]
            i += 1
        }
    }
}
