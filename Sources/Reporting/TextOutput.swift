/// Where the progress of a run is shown.
package protocol TextOutput: AnyObject {
    /// Whether a line can be redrawn in place.
    var isTerminal: Bool { get }
    var usesColor: Bool { get }
    /// Columns of the terminal now; the user may resize it.
    var width: Int { get }
    /// Shows `text`; what cannot be shown is dropped, since nobody reading is no reason to stop training.
    func write(_ text: String)
}
