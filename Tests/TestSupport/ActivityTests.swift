import Testing

/// Suites that watch this process's activity or move it on, extensions in any target; one test at a time, because a
/// process has one `Activity`.
@Suite(.serialized)
package struct ActivityTests {
    package init() {}
}
