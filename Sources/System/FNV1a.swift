/// The 64-bit FNV-1a hash of a text's UTF-8 bytes (Fowler, Noll and Vo, draft-eastlake-fnv); not for security.
package func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
