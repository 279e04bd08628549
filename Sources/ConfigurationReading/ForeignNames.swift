import System

/// What Keras and PyTorch call keys and layers, for hints in errors.
///
/// Names of whole layers, losses and metrics stand with them, as ``CatalogueEntry/otherNames``; here are keys, and what
/// is written otherwise. A new name is a line.
package enum ForeignNames {
    /// For each name, without capitals and underscores, what it is here: the first that is allowed where it stands. A
    /// path goes on from an allowed key.
    private static let ours: [String: [String]] = [
        // Optimizers
        "lr": ["learningRate", "optimizer.learningRate"],
        "learningrate": ["learningRate", "optimizer.learningRate"],
        "eps": ["epsilon"],
        "betas": ["beta1"],
        "clipnorm": ["clipNorm"],
        "gradclip": ["clipNorm"], "maxgradnorm": ["clipNorm"], "clipgradnorm": ["clipNorm"],
        "weightdecay": ["weightDecay", "optimizer.weightDecay"],
        "rho": ["decay"], "alpha": ["decay"],
        "lrscheduler": ["schedule"], "reducelronplateau": ["schedule.onPlateau"],
        // Training
        "batchsize": ["batch"], "nbepoch": ["epochs"], "numepochs": ["epochs"], "nepochs": ["epochs"],
        "criterion": ["loss"], "lossweights": ["losses"], "lossfn": ["loss"],
        "classweight": ["classWeights", "loss.crossEntropy.classWeights"],
        "sampleweight": ["sampleWeights", "loss.crossEntropy.sampleWeights"],
        "validationsplit": ["data.validation"], "validationdata": ["data.validation"],
        "valsplit": ["data.validation", "validation"], "testsize": ["data.validation", "validation"],
        "randomstate": ["seed"], "randomseed": ["seed"], "manualseed": ["seed"],
        "layers": ["model.layers"], "inputshape": ["model.input"],
        "root": ["path"], "numsamples": ["limit"],
        // Keys of layers
        "outfeatures": ["units"], "hiddensize": ["units"], "nhidden": ["units"],
        "outchannels": ["filters"], "nfilters": ["filters"],
        "kernelsize": ["kernel"], "poolsize": ["kernel"], "strides": ["stride"],
        "rate": ["probability"], "p": ["probability"],
        "usebias": ["bias"], "dilationrate": ["dilation"], "returnsequences": ["returns"], "numlayers": ["layers"],
        "kernelinitializer": ["initializer"], "negativeslope": ["slope"], "labelsmoothing": ["labelSmoothing"],
        "outputdim": ["units"], "numembeddings": ["vocabulary"], "inputdim": ["vocabulary"],
        // Layers
        "fc": ["linear"], "fullyconnected": ["linear"], "swish": ["silu"],
        "avgpool2d": ["averagePool"], "avgpool": ["averagePool"],
        "adaptiveavgpool2d": ["globalAveragePool"], "adaptivemaxpool2d": ["globalMaxPool"],
        "upsampling2d": ["upsample"], "reshape": ["unflatten"], "sequential": ["sequence"],
        "relu6": ["relu"],
    ]

    /// What a name of another program is here; nil where it is none, or nothing that is allowed.
    ///
    /// - Parameter known: the names that are allowed where it stands.
    package static func ours(_ name: String, among known: [String]) -> String? {
        ours[withoutUnderscores(withoutModule(name))]?.first { candidate in
            known.contains { $0 == candidate || candidate.hasPrefix($0 + ".") }
        }
    }

    /// `Linear` of `torch.nn.Linear`.
    package static func withoutModule(_ name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }
}
