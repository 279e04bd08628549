import Glibc
import Synchronization

/// A POSIX thread that runs one closure with signals blocked, so that they reach the threads that expect them.
///
/// Faults of the thread itself stay open: blocked, they would end the process without its handlers having their say.
final class BackgroundThread: Sendable {
    /// Nil once joined.
    private let handle: Mutex<pthread_t?>

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body`.
    init(_ body: @escaping @Sendable () -> Void) throws(DataError) {
        let box = Unmanaged.passRetained(Body(body))
        var handle = pthread_t()
        var (all, previous) = (sigset_t(), sigset_t())
        sigfillset(&all)
        for fault in [SIGBUS, SIGSEGV, SIGILL, SIGTRAP, SIGFPE, SIGABRT] { sigdelset(&all, fault) }
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        let status = pthread_create(
            &handle, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        guard status == 0 else {
            box.release()
            throw .threadStart(reason: String(cString: strerror(status)))
        }
        self.handle = Mutex(handle)
    }

    /// Waits until the closure has returned; may be called again.
    func join() {
        handle.withLock { handle in
            if let running = handle { pthread_join(running, nil) }
            handle = nil
        }
    }
}
