import Foundation
import Inspection
import Optimization
import TestSupport
import Testing

@Suite struct DescentTests {
    /// The rules once more, in double precision, from their papers.
    private static func twin(_ rule: String, _ function: DescentFunction, rate: Double, steps: Int) -> (
        x: Double, y: Double
    ) {
        var p = [Double(Float(function.start.x)), Double(Float(function.start.y))]
        var (a, b) = ([0.0, 0.0], [0.0, 0.0])
        for t in 1...steps {
            let slope = function.gradient(p[0], p[1])
            for (i, g) in [slope.x, slope.y].enumerated() {
                switch rule {
                case "sgd": p[i] -= rate * g
                case "momentum":
                    a[i] = 0.9 * a[i] + g
                    p[i] -= rate * a[i]
                case "nesterov":
                    a[i] = 0.9 * a[i] + g
                    p[i] -= rate * (g + 0.9 * a[i])
                case "adagrad":
                    a[i] += g * g
                    p[i] -= rate * g / (a[i].squareRoot() + 1e-10)
                case "rmsprop":
                    a[i] = 0.99 * a[i] + 0.01 * g * g
                    p[i] -= rate * g / (a[i].squareRoot() + 1e-8)
                case "adadelta":
                    a[i] = 0.9 * a[i] + 0.1 * g * g
                    let change = (b[i] + 1e-6).squareRoot() / (a[i] + 1e-6).squareRoot() * g
                    b[i] = 0.9 * b[i] + 0.1 * change * change
                    p[i] -= rate * change
                default:
                    a[i] = 0.9 * a[i] + 0.1 * g
                    b[i] = 0.999 * b[i] + 0.001 * g * g
                    let (first, second) = (1 - pow(0.9, Double(t)), 1 - pow(0.999, Double(t)))
                    p[i] -= rate * (a[i] / first) / ((b[i] / second).squareRoot() + 1e-8)
                }
            }
        }
        return (p[0], p[1])
    }

    @Test(
        arguments: ["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"], DescentFunction.allCases)
    func `a rule ends where its twin in double precision does`(rule: String, function: DescentFunction) {
        // On the saddle a difference grows with the way down: few steps there.
        let steps = function == .saddle ? 60 : 150
        let rate = DescentLook.usualRate(rule, on: function)
        let path = Descent(DescentLook.rule(rule), on: function, learningRate: rate, steps: steps).path
        let twin = Self.twin(rule, function, rate: rate, steps: steps)
        let end = path[path.count - 1]
        #expect(path.count == steps + 1)
        let scale = max(1, abs(twin.x), abs(twin.y))
        #expect(abs(end.x - twin.x) < 2e-3 * scale && abs(end.y - twin.y) < 2e-3 * scale, "\(end) and \(twin)")
        #expect(end.x != function.start.x)
    }

    @Test func `Adadelta leaves the saddle before SGD`() throws {
        func leaves(_ rule: String) -> Int {
            Descent(
                DescentLook.rule(rule), on: .saddle, learningRate: DescentLook.usualRate(rule, on: .saddle), steps: 2000
            ).path
                .firstIndex { abs($0.y) > 1 } ?? .max
        }
        #expect(leaves("adadelta") < leaves("sgd"))
    }

    @Test(arguments: DescentFunction.allCases)
    func `gradients are slopes`(function: DescentFunction) {
        for (x, y) in [(0.3, -0.7), (2.0, 1.5), (-1.0, 0.25)] {
            let (h, slope) = (1e-6, function.gradient(x, y))
            #expect(abs((function.value(x + h, y) - function.value(x - h, y)) / (2 * h) - slope.x) < 1e-4)
            #expect(abs((function.value(x, y + h) - function.value(x, y - h)) / (2 * h) - slope.y) < 1e-4)
        }
        #expect(DescentFunction.beale.value(3, 0.5) == 0)
    }

    @Test func `rules with rates are read, and nothing else`() {
        #expect(
            RuleList(argument: "sgd,adam:0.05")?.rules == [
                .init(name: "sgd", rate: nil), .init(name: "adam", rate: 0.05),
            ])
        for bad in ["", "sgd,", "adam:x", "adam:-1", "a:1:2"] { #expect(RuleList(argument: bad) == nil, "\(bad)") }
    }
}
