import ConfigurationReading
import DataPipeline
import TensorCore

/// What a configuration makes of a data set before its parts are cut.
extension DataConfiguration {
    /// The data set with its images' extents as the preprocessing has them.
    ///
    /// - Throws: `DataError.notFitted`.
    package func fitted(_ dataset: any Dataset) throws(DataError) -> any Dataset {
        guard let geometry = try preprocessing.geometry(of: dataset.inputField) else { return dataset }
        return try FittedDataset(dataset, geometry)
    }

    /// The samples of the classes that are wanted.
    ///
    /// - Throws: `ConfigurationError` where there are no such classes, or no samples of them.
    func selected(of dataset: any Dataset) throws -> any Dataset {
        guard classes != nil || !excluded.isEmpty else { return dataset }
        let place = classes == nil ? excludedPlace : classesPlace
        let target = try classField(of: dataset, place)
        let names = target.meaning.choiceNames
        if let unknown = classes?.first(where: { $0 >= names.count }) {
            throw classesPlace.refused(
                because: "there is no class \(unknown); \(name) has \(names.count), counted from 0.")
        }
        let left = try excludedClasses(names)
        let wanted = (classes ?? Array(names.indices)).filter { !left.contains($0) }
        let part =
            (classes == nil ? [] : ["classes \(wanted.map(String.init).joined(separator: "-"))"])
            + (left.isEmpty ? [] : ["without \(left.sorted().map(String.init).joined(separator: "-"))"])
        let subset = try ClassSubset(wanted, of: dataset, field: target.name, part: part.joined(separator: " "))
        if subset.count == 0 {
            throw place.refused(
                because: classes == nil
                    ? "no sample of \(dataset.name) is left; exclude fewer classes."
                    : "no sample of \(dataset.name) is of these classes; name others.")
        }
        return subset
    }

    /// Training samples with the classes equally often, where that is asked for.
    ///
    /// - Throws: `ConfigurationError` where samples have no class.
    func balanced(_ training: any Dataset) throws -> any Dataset {
        guard balance == .classes else { return training }
        return try BalancedDataset(training, field: classField(of: training, balancePlace).name)
    }

    /// The field of the samples' classes.
    private func classField(
        of dataset: any Dataset, _ place: PlacedName
    ) throws(ConfigurationError) -> FieldDescription {
        guard let target = dataset.targetField, target.meaning.choiceCount != nil, target.shape.count == 1,
            !dataset.isSequence
        else { throw place.refused(because: "samples of \(name) have no class; remove the key.") }
        return target
    }

    /// The numbers of the classes that are left out.
    private func excludedClasses(_ names: [String]) throws(ConfigurationError) -> Set<Int> {
        var result: Set<Int> = []
        for text in excluded {
            // Classes may be called by numbers other than their own.
            guard let number = names.firstIndex(of: text) ?? Int(text), names.indices.contains(number) else {
                let known = names.count > 20 ? names.prefix(20) + ["…"] : names[...]
                throw excludedPlace.refused(
                    because: "there is no class '\(text)'; \(name) has \(names.count): "
                        + "\(known.joined(separator: ", ")). Name one of them, or give its number from 0.")
            }
            result.insert(number)
        }
        return result
    }
}
