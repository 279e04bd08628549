import Checkpointing
import Foundation

/// The folder that holds everything a run writes.
public struct RunDirectory: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    public var configuration: String { path + "/config.yaml" }
    public var checkpoints: String { path + "/checkpoints" }
    public var final: String { path + "/final.safetensors" }
    public var best: String { path + "/best.safetensors" }

    /// Makes the folder and checks that it can be written to. Throws `TrainingError.runDirectory`.
    public func create() throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.runDirectory(path: path, operation: "create", reason: RunDirectory.reason(error))
        }
        if access(path, W_OK) != 0 {
            throw TrainingError.runDirectory(path: path, operation: "write", reason: String(cString: strerror(errno)))
        }
    }

    /// Moves an earlier run out of the way, to `PATH.1`, `PATH.2`, …; gives the new place, nil when there was none.
    public func setAside() throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        var number = 1
        while FileManager.default.fileExists(atPath: "\(path).\(number)") { number += 1 }
        do {
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(number)")
        } catch {
            throw TrainingError.runDirectory(path: path, operation: "set aside", reason: RunDirectory.reason(error))
        }
        return "\(path).\(number)"
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let underlying, underlying.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(underlying.code))) }
        return error.localizedDescription
    }
}
