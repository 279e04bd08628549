import Testing

/// Suites that watch this process's activity or move it on; one test at a time, because a process has one `Activity`.
@Suite(.serialized)
struct ActivityTests {}
