/// A brick at one value: forward, backward, and what backward should be.
package struct BrickRow: Equatable, Sendable {
    package let x: Float
    package let forward: Double
    package let backward: Double
    /// The derivative from values of the forward pass alone; where the function bends sharply near, the mean slope over
    /// 2 ε. Nil where it jumps.
    package let numerical: Double?
    /// How far that may be off; nil near a kink or a jump.
    package let error: Double?
    /// What is within ε.
    package let roughness: NumericalSlope.Roughness?

    /// The first distance of the numerical derivative's points: a power of two that single precision still has room
    /// for beside `x`.
    private static func largestDistance(at x: Float) -> Float { max(2, x.ulp * 0x1p16) }

    /// - Parameters:
    ///   - beside: the values beside the first one.
    ///   - reach: ε; at least so many of the numbers that a float can be lie within it.
    package init(_ brick: Brick, at x: Float, _ beside: [Float], within reach: Float) {
        let passes = brick.passes(at: x, beside)
        let function = { (x: Float) in Double(brick.passes(at: x, beside).forward[0]) }
        let reach = max(reach, 64 * x.ulp)
        self.x = x
        forward = Double(passes.forward[0])
        backward = Double(passes.backward[0])
        let noise = NumericalSlope.noise(at: x, step: max(abs(x), 1) * 0x1p-14, function)
        roughness = NumericalSlope.roughness(at: x, within: reach, noise: noise, function)
        switch roughness {
        case .jump: (numerical, error) = (nil, nil)
        case .kink:
            let (left, right) = (x - reach, x + reach)
            (numerical, error) = ((function(right) - function(left)) / (Double(right) - Double(left)), nil)
        case nil:
            let slope = NumericalSlope(at: x, largest: BrickRow.largestDistance(at: x), noise: noise, function)
            (numerical, error) = slope.derivative.isFinite ? (slope.derivative, slope.error) : (nil, nil)
        }
    }

    /// Whether backward is another number than the numerical derivative, farther off than that may be.
    package var differs: Bool {
        guard let numerical, let error else { return false }
        return !(abs(backward - numerical) <= max(4 * error, 1e-4 * max(abs(backward), abs(numerical))))
    }
}
