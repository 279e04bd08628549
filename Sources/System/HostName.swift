import Glibc

/// The name of the machine that this process runs on.
package enum HostName {
    /// As the system gives it, without asking any server; `localhost` when it does not tell.
    package static var own: String {
        var buffer = [CChar](repeating: 0, count: 256)
        let status = gethostname(&buffer, buffer.count - 1)
        guard status == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
