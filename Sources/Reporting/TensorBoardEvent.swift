/// One event of a TensorBoard log, encoded by hand.
///
/// Of TensorFlow's `event.proto` and `summary.proto` only these fields are needed, all of them stable since 2015, so a
/// protocol-buffer library would be larger than what it replaces:
///
///     Event      { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog
///     session_log = 7; } Summary    { repeated Value value = 1; }     Value { string tag = 1; float simple_value = 2;
///     } SessionLog { SessionStatus status = 1; }     START = 1
///
/// Wire format: protobuf.dev/programming-guides/encoding.
package struct TensorBoardEvent: Equatable, Sendable {
    /// What an event carries.
    package enum Content: Equatable, Sendable {
        /// The first event of every file.
        case fileVersion
        /// Readers drop what earlier files hold from this event's step on.
        case sessionStart
        /// Named figures of the event's step.
        case scalars([Scalar])
    }

    /// A named figure.
    package struct Scalar: Equatable, Sendable {
        package var tag: String
        package var value: Float

        package init(_ tag: String, _ value: Double) {
            self.tag = tag
            self.value = Float(value)
        }
    }

    /// Seconds since 1970.
    package var wallTime: Double
    package var step: Int
    package var content: Content

    package init(wallTime: Double, step: Int, content: Content) {
        self.wallTime = wallTime
        self.step = step
        self.content = content
    }

    /// The event as a protocol-buffer message.
    package var message: [UInt8] {
        var event = Message()
        event.add(1, double: wallTime)
        if step != 0 { event.add(2, varint: UInt64(bitPattern: Int64(step))) }
        switch content {
        case .fileVersion: event.add(3, bytes: Array("brain.Event:2".utf8))
        case .sessionStart:
            var log = Message()
            log.add(1, varint: 1)
            event.add(7, bytes: log.bytes)
        case .scalars(let scalars):
            var summary = Message()
            for scalar in scalars {
                var value = Message()
                value.add(1, bytes: Array(scalar.tag.utf8))
                value.add(2, float: scalar.value)
                summary.add(1, bytes: value.bytes)
            }
            event.add(5, bytes: summary.bytes)
        }
        return event.bytes
    }

    /// The event as a TFRecord: length, masked CRC-32C of the length, message, masked CRC-32C of the message, all
    /// little-endian (TensorFlow, `core/lib/io/record_writer.h`).
    package var record: [UInt8] {
        let message = message
        let length = littleEndianBytes(UInt64(message.count))
        return length + littleEndianBytes(TensorBoardEvent.masked(crc32c(length))) + message
            + littleEndianBytes(TensorBoardEvent.masked(crc32c(message)))
    }

    /// A checksum rotated and shifted, so that data which holds checksums is safe to checksum again.
    private static func masked(_ checksum: UInt32) -> UInt32 { (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 }
}

/// A protocol-buffer message under construction.
private struct Message {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, varint value: UInt64) {
        appendVarint(UInt64(field << 3))
        appendVarint(value)
    }

    mutating func add(_ field: Int, double value: Double) {
        appendVarint(UInt64(field << 3 | 1))
        bytes += littleEndianBytes(value.bitPattern)
    }

    mutating func add(_ field: Int, bytes value: [UInt8]) {
        appendVarint(UInt64(field << 3 | 2))
        appendVarint(UInt64(value.count))
        bytes += value
    }

    mutating func add(_ field: Int, float value: Float) {
        appendVarint(UInt64(field << 3 | 5))
        bytes += littleEndianBytes(value.bitPattern)
    }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

private func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
