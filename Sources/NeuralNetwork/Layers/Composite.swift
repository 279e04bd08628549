import Autograd

/// Layers one after another.
struct Sequential: Layer {
    let layers: [any Layer]

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { layers.reduce(x) { $1($0, mode: mode) } }
}

/// main(x) + shortcut(x); without a shortcut main(x) + x. He, Zhang, Ren and Sun 2016.
struct Residual: Rectifiable {
    let main: any Layer
    let shortcut: (any Layer)?
    var rectifies = false

    var rectified: any Layer { Residual(main: main, shortcut: shortcut, rectifies: true) }

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let y = main(x, mode: mode)
        return add(y, shortcut.map { $0(x, mode: mode) } ?? x, rectify: rectifies)
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
