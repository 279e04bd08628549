import CProcess
import Glibc
import Synchronization

/// A POSIX thread that runs one closure with signals from outside blocked, so that they reach the threads that expect
/// them.
package final class JoinableThread: Sendable {
    /// Nil once joined.
    private let handle: Mutex<pthread_t?>

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Signals by which the system tells a thread of a fault of its own. Blocked, they would end the process without
    /// its handlers having their say.
    private static let faults = [SIGBUS, SIGSEGV, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS]

    /// Starts `body`.
    ///
    /// - Parameters:
    ///   - name: for messages, and for debuggers as far as its first 15 bytes.
    ///   - stackBytes: 8 MiB, as the main thread's; a thread that calls nothing deep may have less.
    ///
    /// Throws `SystemError.thread`.
    package init(name: String, stackBytes: Int = 8 << 20, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let box = Unmanaged.passRetained(
            Body {
                process_name_thread(name)
                body()
            })
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        var (outside, previous) = (sigset_t(), sigset_t())
        sigfillset(&outside)
        for fault in JoinableThread.faults { sigdelset(&outside, fault) }
        pthread_sigmask(SIG_SETMASK, &outside, &previous)
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
            throw .thread(name: name, code: status)
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
    package func join() {
        handle.withLock { handle in
            guard let running = handle else { return }
            precondition(
                pthread_equal(running, pthread_self()) == 0, "JoinableThread: a thread cannot wait for its own end")
            pthread_join(running, nil)
            handle = nil
        }
    }
}
