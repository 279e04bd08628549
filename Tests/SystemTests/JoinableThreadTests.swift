import Foundation
import Glibc
import Synchronization
import System
import Testing

@Suite struct JoinableThreadTests {
    @Test func faultsOfTheThreadStayOpenAndSignalsFromOutsideAreBlocked() throws {
        let blocked = Note<Set<Int32>>([])
        try JoinableThread(name: "test") {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            blocked.set(Set((1..<32).filter { sigismember(&mask, $0) == 1 }))
        }.join()
        #expect(blocked.value.isSuperset(of: [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD]))
        #expect(blocked.value.isDisjoint(with: [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP]))
    }

    @Test func aThreadHasItsNameAndMayBeJoinedTwice() throws {
        let name = Note("")
        let thread = try JoinableThread(name: "a name that is too long") {
            name.set((try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "none")
        }
        thread.join()
        thread.join()
        #expect(name.value == "a name that is \n")
    }
}

/// What a test's thread leaves.
private final class Note<Value: Sendable>: Sendable {
    private let held: Mutex<Value>

    init(_ value: Value) { held = Mutex(value) }

    var value: Value { held.withLock { $0 } }
    func set(_ value: Value) { held.withLock { $0 = value } }
}
