/// Why trained weights can't make the samples that were asked for; each text ends with what to do.
package enum SamplingError: Error, Equatable, CustomStringConvertible {
    /// Weights of models that make no samples.
    case nothingToSample(path: String)
    /// What is made is no picture.
    case noPictures(path: String, field: String)
    /// Nothing lies between two samples, as they are not made of numbers that one can go between.
    case noInterpolation(path: String)
    /// A sample is not made of finite numbers; counted from 0.
    case notFinite(path: String, sample: Int)
    /// No such model to write the weights of.
    case unknownModel(name: String, known: [String])

    package var description: String {
        switch self {
        case .nothingToSample(let path):
            "\(path): its models make no samples; give weights that were trained to, as with configs/dcgan-mnist.yaml"
        case .noPictures(let path, let field):
            "\(path): what its model makes, '\(field)', is no picture of one or three channels; give --out "
                + "FILE.safetensors"
        case .noInterpolation(let path):
            "\(path): its samples are not made of numbers that one can go between; leave --interpolate out"
        case .notFinite(let path, let sample):
            "\(path): sample \(sample) is not made of finite numbers; give the weights of a run that did not diverge"
        case .unknownModel(let name, let known):
            "--model \(name): there is no such model; there are: \(known.joined(separator: ", "))"
        }
    }
}
