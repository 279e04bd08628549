import System
import Testing

@Suite struct MonitorTests {
    @Test func aTimeLimitEndsTheWait() {
        let monitor = Monitor()
        let start = Clock.seconds
        monitor.withLock { while monitor.wait(until: start + 0.05) {} }
        #expect((0.05..<5).contains(Clock.seconds - start))
    }

    @Test func anAnnouncementEndsTheWaitBeforeTheTimeLimit() throws {
        let monitor = Monitor()
        let start = Clock.seconds
        // The thread cannot announce before this one waits and so gives the lock up.
        let isAnnounced = try monitor.withLock { () throws in
            let thread = try JoinableThread(name: "announcer") { monitor.withLock { monitor.signalAll() } }
            return withExtendedLifetime(thread) { monitor.wait(until: start + 60) }
        }
        #expect(isAnnounced)
        #expect(Clock.seconds - start < 30)
    }
}
