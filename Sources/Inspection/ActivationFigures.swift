import Foundation
import NeuralNetwork
import TensorCore

/// What the values of a layer come to.
package struct ActivationFigures: Sendable {
    package private(set) var count = 0.0
    private var sum = 0.0
    private var squares = 0.0
    private var active = 0.0
    private var saturated = 0.0
    private var smallest = Double.infinity
    private var largest = -Double.infinity
    /// Whether each unit, a channel of an image, was above 0 anywhere.
    private var wasActive: [Bool]
    private let saturation: Saturation
    private let isRectified: Bool
    /// How many values lie in each part of ``range``.
    package var counts = [Double](repeating: 0, count: ActivationFigures.bins)

    package static let bins = 48

    /// Where a function hardly changes any more.
    private enum Saturation {
        case none
        /// Within 0.05 of these.
        case ends(Float, Float)

        init(_ kind: String) {
            switch kind {
            case "sigmoid": self = .ends(0, 1)
            case "tanh", "ramp": self = .ends(-1, 1)
            case "scaledTanh": self = .ends(-1.7159, 1.7159)
            default: self = .none
            }
        }

        func contains(_ value: Float) -> Bool {
            guard case .ends(let low, let high) = self else { return false }
            return value < low + 0.05 || value > high - 0.05
        }
    }

    package init(_ node: GraphNode) {
        wasActive = Array(repeating: false, count: max(1, node.shape.rank > 0 ? node.shape[-1] : 1))
        saturation = Saturation(node.kind)
        isRectified = node.kind == "relu"
    }

    /// What a batch of a layer's values adds, as numbers that can be sent.
    static func sums(_ value: Tensor, of node: GraphNode) -> [Double] {
        let saturation = Saturation(node.kind)
        let units = max(1, node.shape.rank > 0 ? node.shape[-1] : 1)
        var (sum, squares, active, saturated) = (0.0, 0.0, 0.0, 0.0)
        var (smallest, largest) = (Float.infinity, -Float.infinity)
        var flags = [Double](repeating: 0, count: units)
        let values = value.values
        for (index, x) in values.enumerated() {
            sum += Double(x)
            squares += Double(x) * Double(x)
            smallest = min(smallest, x)
            largest = max(largest, x)
            if saturation.contains(x) { saturated += 1 }
            if x > 0 {
                active += 1
                flags[index % units] = 1
            }
        }
        return [Double(values.count), sum, squares, active, saturated, Double(smallest), Double(largest)] + flags
    }

    /// Adds a batch of the layer's values.
    package mutating func add(_ value: Tensor, of node: GraphNode) {
        _ = add(ActivationFigures.sums(value, of: node)[...])
    }

    /// Adds what ``sums(_:of:)`` gave, and says how many numbers that were.
    mutating func add(_ numbers: ArraySlice<Double>) -> Int {
        let own = Array(numbers.prefix(7 + wasActive.count))
        count += own[0]
        sum += own[1]
        squares += own[2]
        active += own[3]
        saturated += own[4]
        smallest = min(smallest, own[5])
        largest = max(largest, own[6])
        for unit in wasActive.indices where own[7 + unit] > 0 { wasActive[unit] = true }
        return own.count
    }

    /// How many values of a batch lie in each part of a range.
    static func histogram(_ value: Tensor, in range: ClosedRange<Double>) -> [Double] {
        var counts = [Double](repeating: 0, count: bins)
        let width = range.upperBound - range.lowerBound
        for x in value.values where x.isFinite {
            let place = width > 0 ? (Double(x) - range.lowerBound) / width : 0
            counts[min(max(Int(place * Double(bins)), 0), bins - 1)] += 1
        }
        return counts
    }

    package var range: ClosedRange<Double> { smallest <= largest ? smallest...largest : 0...0 }
    package var mean: Double { sum / max(count, 1) }
    package var deviation: Double { max(0, squares / max(count, 1) - mean * mean).squareRoot() }
    package var shareActive: Double { active / max(count, 1) }
    /// Nil of functions that do not saturate.
    package var shareSaturated: Double? { if case .ends = saturation { saturated / max(count, 1) } else { nil } }
    /// Nil of layers that are no rectifiers.
    package var deadUnits: Int? { isRectified ? wasActive.count { !$0 } : nil }

    static let head = ["mean", "deviation", "smallest", "largest", "active", "dead units", "saturated"]

    var row: [String] {
        func percent(_ share: Double?) -> String { share.map { String(format: "%.2f %%", 100 * $0) } ?? "" }
        return [
            Self.number(mean), Self.number(deviation), Self.number(smallest), Self.number(largest),
            percent(shareActive), deadUnits.map { "\($0) of \(wasActive.count)" } ?? "", percent(shareSaturated),
        ]
    }

    static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}
