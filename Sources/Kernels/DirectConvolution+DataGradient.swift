extension DirectConvolution {
    /// dx = the gradient for the input, or dx += it.
    package func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let g = geometry
        // [o, kernel row, run]: filter rows in whole vectors.
        let filters = scratch + imageCount + 64
        for row in 0..<o * g.kernelHeight {
            for i in 0..<runCount { filters[row * runCount + i] = i < k ? w[row * k + i] : 0 }
        }
        let height = g.outputHeight
        let width = g.outputWidth
        for n in 0..<g.batch {
            scratch.update(repeating: 0, count: imageCount + 64)
            for row in 0..<height {
                for column in 0..<width {
                    let gradient = dy + ((n * height + row) * width + column) * o
                    spreadRows(gradient, filters, scratch + (row * paddedWidth + column) * c)
                }
            }
            addInterior(scratch, to: dx + n * g.inputHeight * g.inputWidth * c, accumulate: accumulate)
        }
    }

    /// Adds one output pixel's gradient, times the filters, to all rows of the padded image under the filter.
    @inline(__always)
    private func spreadRows(
        _ gradient: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        var kernelRow = 0
        while kernelRow < geometry.kernelHeight {
            let place = target + kernelRow * paddedWidth * c
            let f = filters + kernelRow * runCount
            if runCount == 32 && kernelRow + 5 <= geometry.kernelHeight {
                spread(InlineArray<10, Vector>(repeating: .zero), 2, 32, gradient, f, place)
                kernelRow += 5
            } else {
                for run in stride(from: 0, to: runCount, by: 16) {
                    spread(InlineArray<1, Vector>(repeating: .zero), 1, 16, gradient, f + run, place + run)
                }
                kernelRow += 1
            }
        }
    }

    /// Adds one output pixel's gradient, times the filters, to `count / runs` rows of the padded image, `rowCount`
    /// filter values a row.
    @inline(__always)
    private func spread<let count: Int>(
        _ zeros: InlineArray<count, Vector>, _ runs: Int, _ rowCount: Int, _ gradient: UnsafePointer<Float>,
        _ filters: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        let filterCount = geometry.kernelHeight * runCount
        for channel in 0..<o {
            let g = Vector(repeating: gradient[channel])
            let f = filters + channel * filterCount
            for i in 0..<count { sums[i].addProduct(g, f.vector(i / runs * rowCount + i % runs * 16)) }
        }
        for i in 0..<count {
            let place = i / runs * paddedWidth * c + i % runs * 16
            target.store(target.vector(place) + sums[i], place)
        }
    }

    func addInterior(_ image: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>, accumulate: Bool) {
        let g = geometry
        let count = g.inputWidth * c
        for row in 0..<g.inputHeight {
            let source = image + ((row + g.paddingTop) * paddedWidth + g.paddingLeft) * c
            let target = dx + row * count
            if accumulate {
                add(UnsafePointer(target), source, into: target, count: count)
            } else {
                target.update(from: source, count: count)
            }
        }
    }
}
