/// Backward: one pixel of each window has a gradient, so the sums run over windows instead of over pixels.
extension PooledConvolution {
    /// Vectors of a filter row, and of a row of all that the filters at a window's four pixels cover.
    private var rowVectors: Int { (k + 15) / 16 }
    private var unionVectors: Int { (k + c + 15) / 16 }
    /// Whether a filter fits three vectors with eight floats for a row; then one strip of an image holds what lies
    /// under it.
    private var usesStrips: Bool { k <= 8 && geometry.kernelHeight <= 6 }
    private var stripsSpace: Int { usesStrips ? geometry.outputWidth * direct.paddedHeight * 8 + 48 : 0 }
    /// Floats of a filter row, and of one channel's filter: in whole vectors; for the input's gradient between two rows
    /// of zeros.
    private var rowCount: Int { usesStrips ? 8 : rowVectors * 16 }
    private var rowsCount: Int { usesStrips ? 48 : geometry.kernelHeight * rowCount }
    private var shiftedRowsCount: Int { (geometry.kernelHeight + 2) * unionVectors * 16 }
    private var offsetsSpace: Int { wholeVectors(pooledCount) }

    /// Floats of working memory for ``gradients(_:_:_:choice:data:accumulateData:filter:accumulateFilter:scratch:)``.
    package var gradientScratchCount: Int {
        imageSpace + 2 * offsetsSpace + max(o * rowsCount + stripsSpace, 2 * o * shiftedRowsCount)
    }

    /// The gradients for the input and for the filters, each only where asked for; `accumulate…` adds to what is there.
    ///
    /// - Parameters:
    ///   - dy: the gradient of the output where that is positive, else 0.
    ///   - choice: from ``forward(_:_:bias:into:choice:scratch:)``.
    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, choice: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        if let dw { filterGradient(x, dy, choice, into: dw, scratch: scratch, accumulate: accumulateFilter) }
        if let dx { dataGradient(dy, w, choice, into: dx, scratch: scratch, accumulate: accumulateData) }
    }

    /// offsets[i] = base[i] + row of the chosen pixel · `row` + its column · `column`, for one image.
    @inline(__always)
    private func offsets(
        _ choice: UnsafePointer<Float>, base: UnsafePointer<Int32>, row: Int, column: Int,
        into offsets: UnsafeMutablePointer<Int32>
    ) {
        let one = SIMD16<Int32>(repeating: 1)
        let (rows, columns) = (SIMD16(repeating: Int32(row)), SIMD16(repeating: Int32(column)))
        var i = 0
        while i + 16 <= pooledCount {
            let place = UnsafeRawPointer(choice + i).loadUnaligned(as: SIMD16<Int32>.self)
            let start = UnsafeRawPointer(base + i).loadUnaligned(as: SIMD16<Int32>.self)
            UnsafeMutableRawPointer(offsets + i).storeBytes(
                of: start &+ (place &>> one) &* rows &+ (place & one) &* columns, as: SIMD16<Int32>.self)
            i += 16
        }
        while i < pooledCount {
            let place = Int(choice[i].bitPattern)
            offsets[i] = base[i] + Int32((place >> 1) * row + (place & 1) * column)
            i += 1
        }
    }

    // MARK: - Filters

    private func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ choice: UnsafePointer<Float>,
        into dw: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let base = UnsafeMutableRawPointer(scratch + imageSpace).bindMemory(to: Int32.self, capacity: 2 * offsetsSpace)
        let patches = base + offsetsSpace
        let sums = scratch + imageSpace + 2 * offsetsSpace
        let strips = sums + o * rowsCount
        // From a pixel to the one below it, and to the one at its right.
        let down = usesStrips ? 8 : direct.paddedWidth * c
        let right = usesStrips ? direct.paddedHeight * 8 : c
        for i in 0..<pooledCount {
            let window = i / o
            base[i] = Int32(2 * (window / pooledWidth * down + window % pooledWidth * right))
        }
        sums.update(repeating: 0, count: o * rowsCount)
        scratch.update(repeating: 0, count: imageSpace)
        for n in 0..<geometry.batch {
            copyInterior(x + n * geometry.inputHeight * geometry.inputWidth * c, into: scratch)
            offsets(choice + n * pooledCount, base: base, row: down, column: right, into: patches)
            if usesStrips { cutStrips(scratch, into: strips) }
            for channel in 0..<o {
                let target = sums + channel * rowsCount
                if usesStrips {
                    addStrips(strips, dy + n * pooledCount + channel, patches + channel, to: target)
                } else {
                    addPatches(scratch, dy + n * pooledCount + channel, patches + channel, to: target)
                }
            }
        }
        for channel in 0..<o {
            for row in 0..<geometry.kernelHeight {
                let target = dw + (channel * geometry.kernelHeight + row) * k
                let source = sums + channel * rowsCount + row * rowCount
                for i in 0..<k { target[i] = accumulate ? target[i] + source[i] : source[i] }
            }
        }
    }

    /// [column, row, 8]: for each column of pixels, each row's eight floats from there on.
    private func cutStrips(_ image: UnsafePointer<Float>, into strips: UnsafeMutablePointer<Float>) {
        var target = UnsafeMutableRawPointer(strips)
        for column in 0..<geometry.outputWidth {
            var source = image + column * c
            for _ in 0..<direct.paddedHeight {
                target.storeBytes(
                    of: UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self), as: SIMD8<Float>.self)
                target += 32
                source += direct.paddedWidth * c
            }
        }
    }

    /// Adds what lies under one channel's chosen pixels, each times its gradient, to `sums` [kernel row, 8].
    private func addStrips(
        _ strips: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ patches: UnsafePointer<Int32>,
        to sums: UnsafeMutablePointer<Float>
    ) {
        // Two sums, so that an addition need not wait for the one before.
        var even = VectorTriple(repeating: .zero)
        var odd = even
        let (o, count) = (o, pooledCount)
        var i = 0
        while i + o < count {
            even.add(Vector(repeating: dy[i]), times: strips + Int(patches[i]))
            odd.add(Vector(repeating: dy[i + o]), times: strips + Int(patches[i + o]))
            i += 2 * o
        }
        if i < count { even.add(Vector(repeating: dy[i]), times: strips + Int(patches[i])) }
        even.add(to: sums)
        odd.add(to: sums)
    }

    /// Adds the patches under one channel's chosen pixels, each times its gradient, to `sums` [kernel row, row in whole
    /// vectors].
    @inline(__always)
    private func addPatches(
        _ image: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ patches: UnsafePointer<Int32>,
        to sums: UnsafeMutablePointer<Float>
    ) {
        var row = 0
        while row < geometry.kernelHeight {
            let rows = geometry.kernelHeight - row >= 5 ? 5 : geometry.kernelHeight - row >= 3 ? 3 : 1
            for first in stride(from: 0, to: rowVectors, by: 2) {
                let source = image + row * direct.paddedWidth * c + first * 16
                let target = sums + (row * rowVectors + first) * 16
                switch (rows, min(2, rowVectors - first)) {
                case (5, 1): addPatches(InlineArray<5, Vector>(repeating: .zero), 1, source, dy, patches, target)
                case (5, _): addPatches(InlineArray<10, Vector>(repeating: .zero), 2, source, dy, patches, target)
                case (3, 1): addPatches(InlineArray<3, Vector>(repeating: .zero), 1, source, dy, patches, target)
                case (3, _): addPatches(InlineArray<6, Vector>(repeating: .zero), 2, source, dy, patches, target)
                case (_, 1): addPatches(InlineArray<1, Vector>(repeating: .zero), 1, source, dy, patches, target)
                default: addPatches(InlineArray<2, Vector>(repeating: .zero), 2, source, dy, patches, target)
                }
            }
            row += rows
        }
    }

    /// `count / runs` kernel rows, `runs` vectors of each.
    @inline(__always)
    private func addPatches<let count: Int>(
        _ zeros: InlineArray<count, Vector>, _ runs: Int, _ image: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ patches: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        let line = direct.paddedWidth * c
        var i = 0
        while i < pooledCount {
            let gradient = Vector(repeating: dy[i])
            let patch = image + Int(patches[i])
            for p in 0..<count {
                sums[p] = sums[p].plus(gradient, times: patch.vector(p / runs * line + p % runs * 16))
            }
            i += o
        }
        for p in 0..<count {
            let place = (p / runs * rowVectors + p % runs) * 16
            target.store(target.vector(place) + sums[p], place)
        }
    }

    /// An image into the middle of a padded one.
    private func copyInterior(_ x: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>) {
        let g = geometry
        if !direct.isPadded { return image.update(from: x, count: direct.imageCount) }
        for row in 0..<g.inputHeight {
            (image + ((row + g.paddingTop) * direct.paddedWidth + g.paddingLeft) * c).update(
                from: x + row * g.inputWidth * c, count: g.inputWidth * c)
        }
    }

    // MARK: - Input

    private func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ choice: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let base = UnsafeMutableRawPointer(scratch + imageSpace).bindMemory(to: Int32.self, capacity: 2 * offsetsSpace)
        let places = base + offsetsSpace
        let filters = scratch + imageSpace + 2 * offsetsSpace
        layOutShifted(w, into: filters)
        // A pixel of the window's lower row sees the filters a row later, one of its right column the shifted copy.
        let row = unionVectors * 16
        for i in 0..<pooledCount { base[i] = Int32(i % o * shiftedRowsCount + row) }
        for n in 0..<geometry.batch {
            scratch.update(repeating: 0, count: imageSpace)
            offsets(choice + n * pooledCount, base: base, row: -row, column: o * shiftedRowsCount, into: places)
            for window in 0..<pooledHeight * pooledWidth {
                let target = scratch + 2 * (window / pooledWidth * direct.paddedWidth + window % pooledWidth) * c
                spread(dy + n * pooledCount + window * o, filters, places + window * o, to: target)
            }
            direct.addInterior(
                scratch, to: dx + n * geometry.inputHeight * geometry.inputWidth * c, accumulate: accumulate)
        }
    }

    /// [column shift 0 or 1, output channel, zeros + kernel rows + zeros, row shifted by so many pixels in whole
    /// vectors].
    private func layOutShifted(_ w: UnsafePointer<Float>, into filters: UnsafeMutablePointer<Float>) {
        filters.update(repeating: 0, count: 2 * o * shiftedRowsCount)
        for shift in 0..<2 {
            for channel in 0..<o {
                for row in 0..<geometry.kernelHeight {
                    let place = (shift * o + channel) * shiftedRowsCount + (row + 1) * unionVectors * 16 + shift * c
                    (filters + place).update(from: w + (channel * geometry.kernelHeight + row) * k, count: k)
                }
            }
        }
    }

    /// Adds one window's gradients, times the filters at their chosen pixels, to the padded image under all its
    /// filters.
    @inline(__always)
    private func spread(
        _ dy: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ places: UnsafePointer<Int32>,
        to target: UnsafeMutablePointer<Float>
    ) {
        let rows = geometry.kernelHeight + 1
        if unionVectors == 3 {
            var row = 0
            while row + 6 <= rows {
                spread(
                    InlineArray<6, VectorTriple>(repeating: .init(repeating: .zero)), row, dy, filters, places, target)
                row += 6
            }
            while row < rows {
                spread(
                    InlineArray<1, VectorTriple>(repeating: .init(repeating: .zero)), row, dy, filters, places, target)
                row += 1
            }
            return
        }
        for row in 0..<rows {
            for run in 0..<unionVectors {
                let f = filters + (row * unionVectors + run) * 16
                let place = row * direct.paddedWidth * c + run * 16
                var sum = target.vector(place)
                for channel in 0..<o { sum = sum.plus(f.vector(Int(places[channel])), times: dy[channel]) }
                target.store(sum, place)
            }
        }
    }

    /// `count` rows from `row` on, each of three vectors.
    @inline(__always)
    private func spread<let count: Int>(
        _ zeros: InlineArray<count, VectorTriple>, _ row: Int, _ dy: UnsafePointer<Float>,
        _ filters: UnsafePointer<Float>,
        _ places: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        let line = direct.paddedWidth * c
        for channel in 0..<o {
            let gradient = Vector(repeating: dy[channel])
            let f = filters + Int(places[channel]) + row * 48
            for p in 0..<count { sums[p].add(gradient, times: f + p * 48) }
        }
        for p in 0..<count { sums[p].add(to: target + (row + p) * line) }
    }
}
