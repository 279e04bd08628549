import Autograd

/// Layers one after another.
struct Sequential: Layer {
    let layers: [any Layer]

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { layers.reduce(x) { $1($0, mode: mode) } }
}

/// A layer that can add another value to its result in the same pass over memory.
protocol Adding: Layer {
    /// False where the result has already passed max(0, y).
    var canAdd: Bool { get }

    func callAsFunction(_ x: Variable, adding other: Variable, rectify: Bool, mode: Mode) -> Variable
}

/// main(x) + shortcut(x); without a shortcut main(x) + x. He, Zhang, Ren and Sun 2016.
struct Residual: Rectifiable {
    private let main: any Layer
    /// The end of the main branch, if it can add the shortcut by itself; `main` is then what comes before.
    private let end: (any Adding)?
    private let shortcut: (any Layer)?
    private var rectifies = false

    init(main: any Layer, shortcut: (any Layer)?) {
        if let layers = (main as? Sequential)?.layers, let end = layers.last as? any Adding, end.canAdd {
            (self.main, self.end) = (Sequential(layers: layers.dropLast()), end)
        } else {
            (self.main, end) = (main, nil)
        }
        self.shortcut = shortcut
    }

    var rectified: any Layer {
        var copy = self
        copy.rectifies = true
        return copy
    }

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let y = main(x, mode: mode)
        let other = shortcut.map { $0(x, mode: mode) } ?? x
        return end.map { $0(y, adding: other, rectify: rectifies, mode: mode) } ?? add(y, other, rectify: rectifies)
    }
}

/// The outputs of all branches on the same input, joined along the channels. Szegedy et al. 2015.
struct Concatenation: Layer {
    let branches: [any Layer]

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { concatenate(branches.map { $0(x, mode: mode) }) }
}

/// [N, …] → [N, values].
struct Flatten: Layer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { flatten(x) }
}
