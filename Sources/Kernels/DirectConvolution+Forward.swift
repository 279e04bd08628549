extension DirectConvolution {
    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let filters = scratch + imageCount + 64
        layOutFilters(w, width: q, into: filters)
        if lanes == 8 {
            forward(SIMD8<Float>.self, x, filters, bias, rectify, y, scratch)
        } else {
            forward(SIMD16<Float>.self, x, filters, bias, rectify, y, scratch)
        }
    }

    @inline(__always)
    private func forward<V: SIMD>(
        _: V.Type, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ rectify: Bool,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        let outputCount = geometry.outputHeight * geometry.outputWidth * o
        for n in 0..<geometry.batch {
            let image = paddedImage(x, n, scratch)
            for first in stride(from: 0, to: o, by: V.scalarCount) {
                var shift = V.zero
                if let bias { for lane in 0..<min(V.scalarCount, o - first) { shift[lane] = bias[first + lane] } }
                // One input channel is a case of its own, so that the compiler knows the distance between pixels.
                if c == 1 {
                    forward(n, first, distance: 1, image, filters + first, shift, y)
                } else {
                    forward(n, first, distance: c, image, filters + first, shift, y)
                }
            }
            // While the image is in the first-level cache.
            if rectify { Kernels.rectify(y + n * outputCount, count: outputCount) }
        }
    }

    /// One vector of output channels of one image.
    @inline(__always)
    private func forward<V: SIMD>(
        _ n: Int, _ first: Int, distance: Int, _ image: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ shift: V,
        _ y: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        let width = geometry.outputWidth
        let height = geometry.outputHeight
        let valid = min(V.scalarCount, o - first)
        let lastStore = geometry.outputCount - V.scalarCount
        for row in 0..<height {
            let source = image + row * paddedWidth * distance
            let line = (n * height + row) * width
            var column = 0
            while column < width {
                let left = width - column
                let count = left == 10 || left == 20 ? 10 : left >= 14 ? 14 : left >= 8 ? 8 : left >= 4 ? 4 : 1
                let place = (line + column) * o + first
                // A vector may write over the next pixels' channels, which come later; not behind the tensor or over
                // earlier blocks.
                let isWhole = valid == V.scalarCount || first == 0 && place + (count - 1) * o <= lastStore
                let x = source + column * distance
                switch count {
                case 14: block(InlineArray<14, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 10: block(InlineArray<10, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 8: block(InlineArray<8, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 4: block(InlineArray<4, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                default: block(InlineArray<1, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                }
                column += count
            }
        }
    }

    /// `count` neighbouring output pixels.
    @inline(__always)
    private func block<let count: Int, V: SIMD>(
        _ start: InlineArray<count, V>, _ distance: Int, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>, _ valid: Int, _ storesWholeVectors: Bool
    ) where V.Scalar == Float {
        var sums = start
        for row in 0..<geometry.kernelHeight {
            let source = x + row * paddedWidth * distance
            let f = UnsafeRawPointer(filters + row * k * q)
            for i in 0..<k {
                let weight = (f + i * q * 4).loadUnaligned(as: V.self)
                for p in 0..<count { sums[p].addProduct(weight, V(repeating: source[p * distance + i])) }
            }
        }
        for p in 0..<count {
            if storesWholeVectors {
                UnsafeMutableRawPointer(y + p * o).storeBytes(of: sums[p], as: V.self)
            } else {
                for lane in 0..<valid { y[p * o + lane] = sums[p][lane] }
            }
        }
    }
}
