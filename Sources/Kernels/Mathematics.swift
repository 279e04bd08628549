import Glibc

extension Double {
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func sine(_ x: Double) -> Double { sin(x) }
}
