import ConfigurationReading
import Kernels
import TensorCore

/// Changes brightness, contrast, saturation and hue of a picture, each by a uniform amount, in an order that is drawn
/// too: torchvision's `ColorJitter`, in real numbers.
///
/// Brightness multiplies all pixels by b. Contrast moves them from the picture's mean brightness m to m + c (x − m),
/// saturation from their own brightness l to l + s (x − l). The hue turns by h turns. After each of them numbers are
/// held between black and full brightness. A picture of one channel has brightness and contrast alone.
package struct ColourJitter: PixelTransform {
    /// Factors; 1 changes nothing.
    package let brightness: DrawnInterval
    package let contrast: DrawnInterval
    package let saturation: DrawnInterval
    /// Turns within −½…½.
    package let hue: DrawnInterval
    package var full: Float = 255

    package init(
        brightness: DrawnInterval = .init(1, 1), contrast: DrawnInterval = .init(1, 1),
        saturation: DrawnInterval = .init(1, 1), hue: DrawnInterval = .init(0, 0)
    ) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    static let entry = AugmentationEntry(
        "colourJitter",
        "Brightness, contrast, saturation and hue of a picture change, in an order that is drawn too (torchvision's "
            + "`ColorJitter`).", otherNames: ["ColorJitter", "colorJitter"]
    ) { reader in
        func factors(_ key: String, _ meaning: String) -> DrawnInterval {
            reader.value(
                key, .spread(around: 1, in: 0...100, atMost: 100), default: 0,
                "\(meaning): with a number x the factor is drawn from 1 ± x, not below 0, with two from between them.")
        }
        let jitter = ColourJitter(
            brightness: factors("brightness", "All pixels times a factor"),
            contrast: factors("contrast", "Distances from the picture's mean brightness times a factor"),
            saturation: factors("saturation", "Distances from a pixel's own brightness times a factor"),
            hue: reader.value(
                "hue", .spread(around: 0, in: -0.5...0.5, atMost: 0.5), default: 0,
                "Turns of the circle of colours: with a number x drawn from ± x, with two from between them."))
        if !jitter.changesAnything {
            reader.refuse("", because: "it changes nothing; give brightness, contrast, saturation or hue above 0.")
        }
        return jitter
    }

    private var changesAnything: Bool {
        !(brightness.isAlways(1) && contrast.isAlways(1) && saturation.isAlways(1) && hue.isAlways(0))
    }

    package func problem(of field: FieldDescription) -> String? {
        switch field.channels {
        case 3: nil
        case 1 where saturation.isAlways(1) && hue.isAlways(0): nil
        case 1: "its pictures have one channel, and so no saturation or hue; take these keys away"
        default: "its pictures have \(field.channels) channels, and colours have three; take the augmentation away"
        }
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "ColourJitter")
        var current = from
        let order = ColourJitter.order(key)
        for place in 0..<4 where change(order[place], key, current, to, shape) { current = UnsafePointer(to) }
        return current != from
    }

    /// Carries out one of the four, where it changes anything.
    private func change(
        _ step: UInt8, _ key: RandomKey, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ shape: Shape
    ) -> Bool {
        let amount = amount(step, key)
        if amount == (step == 3 ? 0 : 1) { return false }
        let (pixels, channels) = (shape[0] * shape[1], shape[2])
        switch step {
        case 0: scaleWithin(x, into: y, count: shape.count, factor: amount, full: full)
        case 1:
            let mean = meanBrightness(x, pixels: pixels, channels: channels)
            scaleWithin(x, into: y, count: shape.count, factor: amount, offset: (1 - amount) * mean, full: full)
        case 2: adjustSaturation(x, into: y, pixels: pixels, factor: amount, full: full)
        default: rotateHue(x, into: y, pixels: pixels, turns: amount, full: full)
        }
        return true
    }

    /// What a key draws for one of the four, from 0 for brightness to 3 for hue.
    func amount(_ step: UInt8, _ key: RandomKey) -> Float {
        let interval =
            switch step {
            case 0: brightness
            case 1: contrast
            case 2: saturation
            default: hue
            }
        return Float(interval.number(at: key.uniform(at: UInt64(step))))
    }

    /// The order of the four that a key draws, all orders equally (Fisher and Yates).
    package static func order(_ key: RandomKey) -> SIMD4<UInt8> {
        var order = SIMD4<UInt8>(0, 1, 2, 3)
        for last in 1...3 {
            let place = key.integer(at: UInt64(3 + last), below: last + 1)
            (order[last], order[place]) = (order[place], order[last])
        }
        return order
    }
}
