import NeuralNetwork
import System

extension ModelSummary {
    /// Every convolution beside the dense and the sparse matrix that would do the same.
    package var matrixText: String { models.map(matrixText(of:)).joined(separator: "\n") }

    private func matrixText(of model: Model) -> String {
        let forms = model.matrixForms
        let title = "\(model.name): its convolutions as matrices, for one sample, without biases\n"
        if forms.isEmpty { return title + "it has none\n" }
        var rows: [[String]] = []
        for form in forms {
            let kinds = [
                ("convolution", form.convolution), ("dense matrix", form.dense), ("sparse matrix", form.sparse),
            ]
            for (index, (name, costs)) in kinds.enumerated() {
                let place = index == 0 ? [form.layer, "\(form.input) → \(form.output)"] : ["", ""]
                let numbers = [costs.storedFloats, costs.multiplications, costs.additions, costs.operations]
                rows.append(place + [name] + numbers.map(\.grouped))
            }
        }
        return title
            + TextTable(
                header: ["layer", "sizes", "as", "stored floats", "multiplications", "additions", "operations"],
                rows: rows, isText: [true, true, true, false, false, false, false]
            ).text
    }
}
