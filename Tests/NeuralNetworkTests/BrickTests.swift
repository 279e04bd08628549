import Autograd
import ConfigurationReading
import Foundation
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Activation functions and losses by themselves against the formulas of textbooks, in double precision.
@Suite struct BrickTests {
    /// A formula and its derivative.
    struct Formula: Sendable, CustomTestStringConvertible {
        let name: String
        var target: Float?
        let value: @Sendable (Double) -> Double
        let derivative: @Sendable (Double) -> Double

        var testDescription: String { name + (target.map { ", c = \($0)" } ?? "") }
    }

    private static func log(_ c: Double) -> Formula {
        Formula(name: "logLoss", target: Float(c)) {
            log1p(exp(-c * $0))
        } derivative: {
            -c / (1 + exp(c * $0))
        }
    }

    private static func hinge(_ c: Double) -> Formula {
        Formula(name: "hinge", target: Float(c)) {
            max(0, 1 - c * $0)
        } derivative: {
            c * $0 < 1 ? -c : 0
        }
    }

    private static let formulas = [
        Formula(name: "halfSquare", target: 0.75) {
            0.5 * ($0 - 0.75) * ($0 - 0.75)
        } derivative: {
            $0 - 0.75
        },
        log(1), log(-1), hinge(1), hinge(-1),
        Formula(name: "sigmoid") {
            1 / (1 + exp(-$0))
        } derivative: {
            1 / ((1 + exp($0)) * (1 + exp(-$0)))
        },
        Formula(name: "tanh") {
            tanh($0)
        } derivative: {
            1 / (cosh($0) * cosh($0))
        },
        Formula(name: "relu") {
            max(0, $0)
        } derivative: {
            $0 > 0 ? 1 : 0
        },
        Formula(name: "ramp") {
            min(1, max(-1, $0))
        } derivative: {
            abs($0) < 1 ? 1 : 0
        },
    ]

    private static let points: [Float] = [-10, -3.5, -0.875, -0.125, 0.25, 0.5, 1.5, 4, 10]

    @Test(arguments: formulas)
    func `a brick of one value is its formula, forward, backward and numerically`(_ formula: Formula) throws {
        let brick = try Brick(formula.name, .init(target: formula.target))
        #expect(brick.inputCount == 1)
        for x in Self.points {
            let row = BrickRow(brick, at: x, [0, 0], within: 1e-3)
            let (value, derivative) = (formula.value(Double(x)), formula.derivative(Double(x)))
            #expect(abs(row.forward - value) <= 4e-7 * max(abs(value), 1e-3), "forward at \(x)")
            // 1 − y where y is near 1 has the rounding of y.
            #expect(abs(row.backward - derivative) <= 4e-7 * max(abs(derivative), 1), "backward at \(x)")
            #expect(row.roughness == nil, "at \(x)")
            let (numerical, error) = (try #require(row.numerical), try #require(row.error))
            #expect(abs(numerical - derivative) <= 2 * error + 1e-12, "\(numerical) ± \(error) at \(x)")
            #expect(error <= max(2e-6, 1e-5 * abs(derivative)), "± \(error) at \(x)")
            #expect(!row.differs)
        }
    }

    /// Scores beside the first one.
    private let beside: [Float] = [0.5, -1.25, 2]

    /// Scores with x before the others.
    private func scores(_ x: Float) -> [Double] { ([x] + beside).map(Double.init) }

    @Test(arguments: [0, 1, 2, 3])
    func `LogSoftMax of class c: log Σ eˣ − x_c, and its gradient`(c: Int) throws {
        let brick = try Brick("crossEntropy", .init(beside: beside, target: Float(c)))
        #expect(brick.target == .oneOf(4))
        for x in Self.points {
            let passes = brick.passes(at: x, beside)
            let z = scores(x)
            let sum = z.reduce(0) { $0 + exp($1) }
            let expected = z.indices.map { exp(z[$0]) / sum - ($0 == c ? 1 : 0) }
            // The difference of two numbers of up to 10 has their rounding.
            #expect(abs(Double(passes.forward[0]) - (Foundation.log(sum) - z[c])) < 2e-6)
            for (computed, wanted) in zip(passes.backward, expected) { #expect(abs(Double(computed) - wanted) < 2e-7) }
        }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `MaxMargin of class c: the largest other score + m − x_c above 0, and its gradient`(c: Int) throws {
        let brick = try Brick("maxMargin", .init(beside: beside, target: Float(c), settings: ["margin=0.75"]))
        for x in Self.points {
            let passes = brick.passes(at: x, beside)
            let z = scores(x)
            let best = z.indices.filter { $0 != c }.max { z[$0] < z[$1] } ?? 0
            let value = max(0, z[best] + 0.75 - z[c])
            #expect(abs(Double(passes.forward[0]) - value) < 1e-6)
            let expected = z.indices.map { value > 0 ? Float(($0 == best ? 1 : 0) - ($0 == c ? 1 : 0)) : 0 }
            #expect(passes.backward == expected, "at \(x)")
        }
    }

    @Test func `softmax of several values: ∂y₁/∂x_s = y₁ (δ − y_s)`() throws {
        let brick = try Brick("softmax", .init(beside: beside))
        #expect(brick.inputCount == 4)
        for x in Self.points {
            let passes = brick.passes(at: x, beside)
            let z = scores(x)
            let sum = z.reduce(0) { $0 + exp($1) }
            let y = z.map { exp($0) / sum }
            for index in y.indices {
                #expect(abs(Double(passes.forward[index]) - y[index]) < 2e-7)
                #expect(abs(Double(passes.backward[index]) - y[0] * ((index == 0 ? 1 : 0) - y[index])) < 2e-7)
            }
            #expect(!BrickRow(brick, at: x, beside, within: 1e-3).differs)
        }
    }

    @Test func `the linear brick: ∂E/∂x = ∂E/∂y W, and ∂E/∂W = x ∂E/∂y`() throws {
        let model = try Model(name: "linear", input: [3], layers: [.linear(units: 2)])
        let values = FlatBuffer(count: model.layout.count)
        let (w, v, x): ([Float], [Float], [Float]) = ([1, -2, 3, 0.5, 4, -1], [0.25, -3], [2, -1, 0.5])
        let weight = try #require(model.parameters.first { $0.shape.rank == 2 })
        for (index, value) in w.enumerated() { values.pointer[model.layout.offsets[weight.index] + index] = value }
        let tape = Tape(layout: model.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let input = tape.input(Tensor(x, [1, 3], pool: tape.pool))
        let y = model(input, mode: .training(.init(seed: 1)))
        #expect(y.value.values == [5.5, -3.5])
        tape.backward(from: y, gradient: Tensor(v, [1, 2], pool: tape.pool))
        #expect(tape.gradient(of: input)?.values == (0..<3).map { v[0] * w[$0] + v[1] * w[3 + $0] })
        let offset = try #require(tape.wholeVector.trained.offset(of: weight.index))
        #expect((0..<6).map { gradients.pointer[offset + $0] } == (0..<6).map { v[$0 / 3] * x[$0 % 3] })
    }

    @Test(arguments: [(-10, 4.54e-5), (0, 0.25), (10, 4.54e-5)])
    func `the sigmoid's gradient vanishes on both sides`(x: Float, derivative: Double) throws {
        let row = BrickRow(try Brick("sigmoid"), at: x, [], within: 1e-3)
        #expect(abs(row.backward - derivative) < 5e-8)
        let numerical = try #require(row.numerical)
        #expect(abs(numerical - derivative) < 1e-6)
    }

    @Test func `a kink and a jump are told within ε, and only there`() throws {
        let relu = try Brick("relu")
        let at0 = BrickRow(relu, at: 0, [], within: 1e-3)
        #expect(at0.numerical == 0.5 && at0.backward == 0 && !at0.differs)
        #expect(at0.roughness == .kink(left: 0, right: 1))
        #expect(BrickRow(relu, at: 9e-4, [], within: 1e-3).roughness == .kink(left: 0, right: 1))
        #expect(BrickRow(relu, at: -9e-4, [], within: 1e-3).roughness == .kink(left: 0, right: 1))
        for x: Float in [2e-3, -2e-3, 1, -10] {
            let row = BrickRow(relu, at: x, [], within: 1e-3)
            #expect(row.roughness == nil && row.numerical == (x > 0 ? 1 : 0), "\(row)")
        }
        let threshold = BrickRow(try Brick("threshold"), at: 0, [], within: 1e-3)
        #expect(threshold.roughness == .jump(below: 0, above: 1) && threshold.numerical == nil)
    }

    @Test(arguments: [Float(1e30), -1e30, 3e6])
    func `far from 0 too, values so near to each other that single precision can't tell them are not asked for`(
        x: Float
    ) throws {
        for (name, slope) in [("identity", 1.0), ("sigmoid", 0), ("relu", x > 0 ? 1 : 0)] {
            let row = BrickRow(try Brick(name), at: x, [0, 0], within: 1e-3)
            let numerical = try #require(row.numerical, "\(name)")
            #expect(row.roughness == nil && abs(numerical - slope) < 1e-6 && !row.differs, "\(name): \(row)")
        }
    }

    @Test func `every activation and loss of the catalogues has a brick whose backward is its slope`() throws {
        #expect(Set(Brick.all.map(\.name)).isSuperset(of: Activation.names))
        #expect(Brick.all.filter { $0.kind == .loss }.count >= 10)
        for (kind, name, _) in Brick.all {
            let brick = try Brick(name)
            #expect(brick.kind == kind && brick.name == name)
            for x: Float in [-10, -1.75, -0.625, 0.375, 0.8125, 3, 10] {
                let row = BrickRow(brick, at: x, [0, 0], within: 1e-3)
                #expect(row.roughness == nil && row.numerical != nil && !row.differs, "\(name): \(row)")
            }
        }
    }

    @Test func `settings reach the brick, and what can't work is refused with what to do`() throws {
        #expect(try Brick("leakyRelu", .init(settings: ["slope=0.25"])).passes([-2]).backward == [0.25])
        #expect(try Brick("hinge", .init(target: -1, settings: ["margin=3"])).passes([1]).forward == [4])
        let weights = Brick.Choice(target: 1, settings: ["classWeights=[1, 2, 3]"])
        let weighted = try Brick("crossEntropy", weights).passes([0, 0, 0]).forward[0]
        #expect(abs(Double(weighted) - 2 * Foundation.log(3.0)) < 1e-6)
        let cases: [(String, Brick.Choice, String)] = [
            ("sigmod", .init(), "did you mean 'sigmoid'?"), ("MeanSquaredError", .init(), "did you mean 'mse'?"),
            ("relu", .init(target: 1), "leave --target out"), ("crossEntropy", .init(target: 3), "0 to 2"),
            ("crossEntropy", .init(target: 0.5), "a whole number"), ("hinge", .init(target: 0.5), "takes −1 and 1"),
            ("crossEntropy", .init(settings: ["classWeights=[1, 2]"]), "give a number for each"),
            ("leakyRelu", .init(settings: ["slop=0.25"]), "did you mean 'slope'?"),
            ("leakyRelu", .init(settings: ["slope=-1"]), "out of range"),
            ("relu", .init(settings: ["slope"]), "this has no '='"),
        ]
        for (name, choice, text) in cases {
            let error = #expect(throws: (any Error).self) { try Brick(name, choice) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(text), "\(name): \(error.map { "\($0)" } ?? "")")
        }
    }
}
