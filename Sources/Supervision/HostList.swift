import Glibc
import System

/// A machine of a job.
package struct Host: Equatable, Sendable {
    package var name: String
    /// How many ranks it takes.
    package var slots: Int

    package init(name: String, slots: Int) {
        self.name = name
        self.slots = slots
    }

    /// Whether the name is one of the machine that this program runs on.
    var isThisMachine: Bool {
        if ["localhost", "127.0.0.1", "::1"].contains(name) { return true }
        let own = HostName.own
        return name == own || name == own.split(separator: ".").first.map(String.init)
    }

    /// Whether `other`, as a message gives it, is this host: the same name, with or without its domain.
    ///
    /// An address is no name: it is told from nothing but itself.
    package func isNamed(_ other: String) -> Bool {
        if name == other { return true }
        if isThisMachine { return Host(name: other, slots: 1).isThisMachine }
        let labels = name.split(separator: "."), others = other.split(separator: ".")
        return labels.first == others.first && min(labels.count, others.count) == 1
    }
}

/// Where a job may run.
package enum HostSource: Equatable, Sendable {
    /// This machine alone, without a limit on ranks.
    case thisMachine
    case list([Host])
    /// A file that is read again before each attempt, so that hosts may come and go.
    case file(String)

    /// The hosts as they are now; nil for this machine alone.
    ///
    /// Throws `SupervisionError.unreadableHostFile`, `malformedHost` or `noHosts`.
    package func hosts() throws(SupervisionError) -> [Host]? {
        switch self {
        case .thisMachine: nil
        case .list(let hosts): hosts
        case .file(let path): try HostList.read(file: path)
        }
    }
}

/// Reads hosts in the two forms that `mpirun` knows.
package enum HostList {
    /// `a:2,b` of `--host`: two slots on a, one on b.
    ///
    /// Throws `SupervisionError.malformedHost` or `noHosts`.
    package static func parse(option: String) throws(SupervisionError) -> [Host] {
        var hosts: [Host] = []
        for part in option.split(separator: ",") {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard let name = fields.first, !name.isEmpty, !name.hasPrefix("-"), fields.count <= 2,
                let slots = fields.count == 2 ? Int(fields[1]) : 1, slots >= 1
            else { throw .malformedHost(place: "--host", text: String(part)) }
            hosts.append(Host(name: String(name), slots: slots))
        }
        if hosts.isEmpty { throw .noHosts(place: "--host") }
        return merged(hosts)
    }

    /// The lines `NAME` or `NAME slots=N` of a host file, with any line ends and with spaces around the sign as
    /// `mpirun` allows them; `#` begins a comment, other settings of a line are left to others.
    ///
    /// Throws `SupervisionError.malformedHost` or `noHosts`.
    package static func parse(_ text: String, file: String) throws(SupervisionError) -> [Host] {
        var hosts: [Host] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = line.prefix { $0 != "#" }.replacing(/\s*=\s*/, with: "=")
                .split(whereSeparator: \.isWhitespace)
            guard let name = content.first else { continue }
            let setting = content.dropFirst().first { $0.hasPrefix("slots=") }
            // A word that is no setting, as in `host 2`, would mean something to whoever wrote it.
            guard !name.contains("="), !name.hasPrefix("-"), content.dropFirst().allSatisfy({ $0.contains("=") }),
                let slots = setting.map({ Int($0.dropFirst("slots=".count)) }) ?? 1, slots >= 1
            else { throw .malformedHost(place: "\(file):\(index + 1)", text: String(line)) }
            hosts.append(Host(name: String(name), slots: slots))
        }
        if hosts.isEmpty { throw .noHosts(place: file) }
        return merged(hosts)
    }

    /// The hosts of a file. Throws also `SupervisionError.unreadableHostFile`.
    package static func read(file: String) throws(SupervisionError) -> [Host] {
        guard let stream = fopen(file, "r") else { throw .unreadableHostFile(path: file, code: errno) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            bytes += buffer.prefix(count)
            if count < buffer.count { break }
        }
        if ferror(stream) != 0 { throw .unreadableHostFile(path: file, code: errno) }
        return try parse(String(decoding: bytes, as: UTF8.self), file: file)
    }

    /// A host that is named more than once has the slots of all its lines, as for `mpirun`.
    private static func merged(_ hosts: [Host]) -> [Host] {
        var result: [Host] = []
        for host in hosts {
            if let index = result.firstIndex(where: { $0.name == host.name }) {
                result[index].slots += host.slots
            } else {
                result.append(host)
            }
        }
        return result
    }
}
