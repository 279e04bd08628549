extension Float {
    /// The nearest bfloat16 number, of two the one whose last bit is 0; for finite numbers.
    package var roundedToBFloat16: Float {
        Float(bitPattern: (bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) & 0xFFFF_0000)
    }
}
