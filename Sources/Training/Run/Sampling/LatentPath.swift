import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Rows of latent numbers, each of which goes from one drawn z to another in equal angles (spherical interpolation:
/// White, "Sampling generative networks", 2016): as z ~ N(0, 1) in many dimensions lies near a sphere, so does the way.
struct LatentPath {
    private let maker: any LatentSampleMaker
    /// Of a row, both ends among them.
    private let steps: Int
    private let key: RandomKey

    init(_ maker: any LatentSampleMaker, steps: Int, key: RandomKey) {
        precondition(steps >= 2, "LatentPath: \(steps) steps have no two ends")
        self.maker = maker
        self.steps = steps
        self.key = key
    }

    /// The latent numbers of samples, counted row by row; row r goes from the drawn sample 2r to 2r + 1.
    func latentNumbers(_ numbers: Range<Int>, _ pool: StoragePool) -> Tensor {
        let size = maker.latent.count
        let result = Tensor(maker.latent.batched(numbers.count), pool: pool)
        for (place, number) in numbers.enumerated() {
            let (row, step) = number.quotientAndRemainder(dividingBy: steps)
            let ends = maker.latentNumbers(2 * row..<2 * row + 2, key: key, pool: pool).values
            let way = LatentPath.between(
                ends[..<size], ends[size...], share: Double(step) / Double(steps - 1))
            for index in 0..<size { result.pointer[place * size + index] = way[index] }
        }
        return result
    }

    /// (sin (1 − t)ω · a + sin tω · b) / sin ω, where ω is the angle between a and b; the ends as they are.
    static func between(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>, share t: Double) -> [Float] {
        func dot(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Double {
            zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        if t <= 0 { return Array(a) }
        if t >= 1 { return Array(b) }
        let angle = acos(min(max(dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot(), -1), 1))
        let isStraight = !(sin(angle) > 1e-6)
        let first = isStraight ? 1 - t : sin((1 - t) * angle) / sin(angle)
        let second = isStraight ? t : sin(t * angle) / sin(angle)
        return zip(a, b).map { Float(first * Double($0) + second * Double($1)) }
    }
}
