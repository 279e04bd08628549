import Glibc
import Synchronization

/// A POSIX thread that runs one closure with all signals blocked, so that signals reach the threads that expect them.
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
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        let status = pthread_create(&handle, nil, { argument in
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
