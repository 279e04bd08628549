/// Where generated choices go: one for each meaning that a field of choices can have.
protocol GenerationSink {
    /// What the model reads before it generates; at least one choice.
    var beginning: [Int] { get }
    /// Before the first choice.
    func begin() throws
    /// Takes a generated choice.
    ///
    /// - Returns: whether there are to be more.
    func take(_ choice: Int) throws -> Bool
    /// After the last.
    func end() throws
}
