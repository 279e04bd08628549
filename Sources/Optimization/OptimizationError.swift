/// What a config or a checkpoint can get wrong about optimisation.
package enum OptimizationError: Error, Equatable, CustomStringConvertible {
    /// A hyper-parameter outside its range.
    case outOfRange(owner: String, name: String, value: Double, allowed: String)
    /// A part of a schedule that does not fit into the run; `key` is its path below `schedule`.
    case tooLong(key: String, what: String, length: String, longest: String)
    /// A parameter-group pattern that matches no parameter; `nearest` is the closest name, nil for a model without any.
    case unmatchedPattern(pattern: String, nearest: String?)
    /// A saved state that lacks a key or holds a value that cannot be read.
    case unreadableState(owner: String, key: String, value: String?, expected: String)

    package var description: String {
        switch self {
        case .outOfRange(let owner, let name, let value, let allowed):
            return "\(owner): \(name) = \(value) is out of range; give \(allowed)"
        case .tooLong(let key, _, _, _): return "schedule.\(key): \(reason)"
        case .unmatchedPattern(let pattern, let nearest):
            let hint = nearest.map { "the nearest parameter is '\($0)'" } ?? "the model has no parameters"
            return
                "parameter group '\(pattern)' matches no parameter (\(hint)); correct the pattern or remove the group"
        case .unreadableState(let owner, let key, let value, let expected):
            let found = value.map { "is '\($0)'" } ?? "is missing"
            return "\(owner): saved state '\(key)' \(found), expected \(expected); resume from another checkpoint"
        }
    }

    /// The problem and the remedy of a schedule's error, without the place.
    package var reason: String {
        switch self {
        case .outOfRange(_, let name, let value, let allowed):
            "\(name) = \(value) is out of range; give \(allowed)."
        case .tooLong(_, let what, let length, let longest):
            "\(what), which do not fit into a run of \(length); at most \(longest) fit: shorten it, or train longer."
        default: description
        }
    }

    /// Where in the section `schedule` an error is; empty for the whole of it.
    package var schedulePath: String {
        switch self {
        case .tooLong(let key, _, _, _): key
        default: ""
        }
    }

    /// Throws `outOfRange` unless `condition` holds.
    static func require(
        _ condition: Bool, _ owner: String, _ name: String, _ value: Double, allowed: String
    ) throws(OptimizationError) {
        if !condition { throw .outOfRange(owner: owner, name: name, value: value, allowed: allowed) }
    }
}
