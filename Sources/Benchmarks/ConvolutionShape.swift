import Kernels

extension ConvolutionGeometry {
    /// Reads `N x H x W x C : filters : kernel` and, in any order, `:sSTRIDE`, `:pPADDING`, `:gGROUPS`, for example
    /// `32x28x28x64:128:7x5:s1:p3`.
    ///
    /// Kernel, stride and padding are one number or `HEIGHTxWIDTH`; the padding holds for both sides. Throws
    /// ``ConvolutionShapeError``.
    package init(text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        func fail(_ part: Substring, _ expected: String) -> ConvolutionShapeError {
            ConvolutionShapeError(text: text, part: String(part), expected: expected)
        }
        func numbers(_ part: Substring, from least: Int, _ counts: Set<Int>, _ expected: String) throws -> [Int] {
            let values = part.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
            guard counts.contains(values.count), values.allSatisfy({ $0 >= least && $0 <= 65_536 }) else {
                throw fail(part, expected)
            }
            return values
        }
        guard parts.count >= 3 else { throw fail(Substring(text), "at least input, filters and kernel") }
        let input = try numbers(parts[0], from: 1, [4], "the input NxHxWxC")
        let filters = try numbers(parts[1], from: 1, [1], "the number of filters")
        let kernel = try numbers(parts[2], from: 1, [1, 2], "the kernel, a number or HxW")
        self.init(
            batch: input[0], inputHeight: input[1], inputWidth: input[2], inputChannels: input[3],
            outputChannels: filters[0],
            kernelHeight: kernel[0], kernelWidth: kernel[kernel.count - 1])
        for part in parts.dropFirst(3) {
            let value = part.dropFirst()
            switch part.first {
            case "s":
                let stride = try numbers(value, from: 1, [1, 2], "a stride from 1")
                (strideHeight, strideWidth) = (stride[0], stride[stride.count - 1])
            case "p":
                let padding = try numbers(value, from: 0, [1, 2], "a padding from 0")
                (paddingTop, paddingBottom) = (padding[0], padding[0])
                (paddingLeft, paddingRight) = (padding[padding.count - 1], padding[padding.count - 1])
            case "g": groups = try numbers(value, from: 1, [1], "a number of groups")[0]
            default: throw fail(part, "s, p or g and a number")
            }
        }
        guard inputChannels % groups == 0, outputChannels % groups == 0 else {
            throw fail(
                Substring("g\(groups)"), "groups that divide \(inputChannels) channels and \(outputChannels) filters")
        }
        guard outputHeight > 0, outputWidth > 0 else { throw fail(parts[2], "a kernel that fits the padded input") }
    }
}

/// A convolution's shape that can't be read.
package struct ConvolutionShapeError: Error, Equatable, CustomStringConvertible {
    package let text: String
    package let part: String
    package let expected: String

    package var description: String {
        "shape '\(text)': '\(part)' is not \(expected); write it like 32x28x28x64:128:7x7:s1:p3:g1 (input NxHxWxC, "
            + "filters, kernel, stride, padding, groups)"
    }
}
