import Foundation

/// Runs `body` on `count` threads at the same time, even on one core, and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for worker in 0..<count {
        group.enter()
        Thread.detachNewThread {
            body(worker)
            group.leave()
        }
    }
    group.wait()
}
