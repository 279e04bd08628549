import Foundation

/// The running processes as `/proc` shows them.
enum ProcessTable {
    /// All processes that descend from `ancestor`, itself left out, parents before children.
    static func descendants(of ancestor: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for process in all { if let parent = parent(of: process) { children[parent, default: []].append(process) } }
        var found: [pid_t] = []
        var waiting = children[ancestor] ?? []
        while let next = waiting.popLast() {
            found.append(next)
            waiting += children[next] ?? []
        }
        return found
    }

    /// Whether `process` has a handler of its own for the signal; false when it has ended.
    static func catches(_ signal: Int32, _ process: pid_t) -> Bool {
        let key = "SigCgt:"
        guard let line = text("/proc/\(process)/status")?.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
            let mask = UInt64(line.dropFirst(key.count).trimmingCharacters(in: .whitespaces), radix: 16)
        else { return false }
        return mask >> UInt64(signal - 1) & 1 == 1
    }

    /// The path of the executable, nil when the process has ended.
    static func executable(of process: pid_t) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/\(process)/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    private static var all: [pid_t] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var numbers: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                    String(cString: $0)
                }
            }
            if let number = pid_t(name) { numbers.append(number) }
        }
        return numbers
    }

    private static func parent(of process: pid_t) -> pid_t? {
        // `PID (name) state parent …`, where the name may hold anything.
        guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
