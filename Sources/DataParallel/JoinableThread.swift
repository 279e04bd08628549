import Glibc
import Synchronization

/// A POSIX thread with a stack of 8 MiB that runs one closure with signals from outside blocked, so that they reach the
/// threads that expect them.
final class JoinableThread: Sendable {
    /// Nil once joined.
    private let handle: Mutex<pthread_t?>

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body`; the error names the thread.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(DataParallelError) {
        let box = Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var (all, previous) = (sigset_t(), sigset_t())
        sigfillset(&all)
        // A fault of the thread itself must reach its handler: blocked, it would end the process without a word.
        for fault in [SIGBUS, SIGSEGV, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS] { sigdelset(&all, fault) }
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        var handle = pthread_t()
        let status = pthread_create(
            &handle, &attributes,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        pthread_attr_destroy(&attributes)
        guard status == 0 else {
            box.release()
            throw .threadStart(name: name, reason: String(cString: strerror(status)))
        }
        self.handle = Mutex(handle)
    }

    deinit {
        // Not joined: the thread frees itself when its closure returns.
        handle.withLock { handle in
            if let running = handle { pthread_detach(running) }
        }
    }

    /// Waits until the closure has returned; may be called again.
    ///
    /// - Precondition: not called on the thread itself.
    func join() {
        handle.withLock { handle in
            guard let running = handle else { return }
            precondition(
                pthread_equal(running, pthread_self()) == 0, "JoinableThread: a thread cannot wait for its own end")
            pthread_join(running, nil)
            handle = nil
        }
    }
}
