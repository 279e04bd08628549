extension ScatteringTransform {
    /// dx = Jᵀ dy: the gradient for the images, which computes their moduli again instead of keeping them.
    ///
    /// Where a filtered image is 0, its modulus has no derivative and gets 0.
    /// - Parameters:
    ///   - x: as for ``forward(_:batch:channels:into:scratch:)``; dy and dx have the shapes of y and x.
    ///   - scratch: ``gradientScratchCount`` floats, 64-byte aligned.
    package func gradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, batch: Int, channels: Int,
        into dx: UnsafeMutablePointer<Float>, accumulate: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let memory = ScatteringMemory(self, forGradient: true, at: scratch)
        let spectra = levels.map { PlaneSpectrum($0, memory) }
        if !accumulate { dx.update(repeating: 0, count: batch * height * width * channels) }
        for first in stride(from: 0, to: batch * channels, by: 16) {
            let planes = first..<min(first + 16, batch * channels)
            load(x, planes, channels, into: memory.image)
            spectra[0].transform(memory.image)
            loadGradient(dy, planes, channels, into: memory.coefficients)
            memory.clear(memory.imageGradient, count: pixels)
            var path = 1 + wavelets
            for wavelet in 0..<wavelets { addGradient(ofFirst: wavelet, &path, memory, spectra) }
            spectra[0].inverse(memory.imageGradient)
            levels[0].averageGradient(
                memory.coefficients, into: memory.imageGradient.re, row: memory.row, accumulate: true)
            addImage(memory.imageGradient.re, planes, channels, into: dx)
        }
    }

    /// Adds what comes through a wavelet of the first order, and those of the second behind it, to the gradient of the
    /// image's transform.
    ///
    /// - Parameter path: the number of the wavelet's first coefficient of the second order; then that of the next one.
    private func addGradient(
        ofFirst wavelet: Int, _ path: inout Int, _ memory: ScatteringMemory, _ spectra: [PlaneSpectrum]
    ) {
        let scale = wavelet / orientations
        let (level, spectrum) = (levels[scale], spectra[scale])
        let count = level.height * level.width
        levels[0].convolve(memory.image, wavelet, to: level, into: memory.filtered)
        spectrum.inverse(memory.filtered)
        memory.clear(memory.firstGradient, count: count)
        if order > 1, scale + 1 < scales {
            for point in 0..<count { memory.first[point] = memory.filtered[point] }
            level.modulus(memory.first)
            spectrum.transform(memory.first)
            for next in (scale + 1) * orientations..<wavelets {
                let (coarser, behind) = (levels[next / orientations], spectra[next / orientations])
                level.convolve(memory.first, next, to: coarser, into: memory.second)
                behind.inverse(memory.second)
                coarser.averageGradient(
                    memory.coefficients + path * places, into: memory.modulusGradient, row: memory.row,
                    accumulate: false)
                coarser.modulusGradient(memory.second, memory.modulusGradient)
                behind.transform(memory.second)
                level.addAdjoint(memory.second, next, from: coarser, to: memory.firstGradient)
                path += 1
            }
            spectrum.inverse(memory.firstGradient)
        }
        level.averageGradient(
            memory.coefficients + (1 + wavelet) * places, into: memory.firstGradient.re, row: memory.row,
            accumulate: true)
        level.modulusGradient(memory.filtered, memory.firstGradient.re)
        spectrum.transform(memory.filtered)
        levels[0].addAdjoint(memory.filtered, wavelet, from: level, to: memory.imageGradient)
    }
}
