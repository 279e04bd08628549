"""What the trainer knows of what a random network may have: each feature is tried with a small configuration."""
import subprocess

from jobs import TRAINER

IMAGE = "input: [28, 28, 1]"
HEAD = "{flatten: {}}, {name: a, linear: 10}"
DATA = "data: {name: digits, limit: 100}\n"
REST = """
batch: 30
grain: 10
maxSteps: 1
optimizer: {name: sgd, learningRate: 0.01}
"""
CROSS_ENTROPY = "{crossEntropy: {of: a, target: label}, weight: 1}"
# The model, and other keys.
PROBES = {
    "from": (f"{IMAGE}, layers: [{HEAD}, {{name: b, from: a, linear: 10}}, {{name: c, from: [a, b], add: {{}}}}, "
             "{from: [a, c], concatenate: {}}, {linear: 10}]", ""),
    "share": (f"{IMAGE}, layers: [{HEAD}, {{name: b, linear: 10}}, {{share: b}}]", ""),
    "auxiliary": (f"{IMAGE}, layers: [flatten, {{name: side, auxiliary: 0.3, linear: 10}}, {{linear: 10}}]", ""),
    "layerNorm": (f"{IMAGE}, layers: [layerNorm, {HEAD}]", ""),
    "batchStatistics": (f"{IMAGE}, layers: [{{batchNorm: {{statistics: batch}}}}, {HEAD}]", ""),
    # And batchNorm's statistics where it is frozen, which came with it.
    "gaussianNoise": (f"{IMAGE}, layers: [{{gaussianNoise: 0.1}}, {HEAD}]", ""),
    # And the initializer identity, alternating flips and mirrored borders, which came with it.
    "factor": (f"{IMAGE}, layers: [{HEAD}, {{factor: 0.5}}]", ""),
    "unflatten": (f"{IMAGE}, layers: [flatten, {{unflatten: [14, 28, 2]}}, {HEAD}]", ""),
    "conv1d": (f"{IMAGE}, layers: [flatten, {{unflatten: [28, 28]}}, {{upsample: 2}}, "
               f"{{conv1d: {{filters: 2, kernel: 3, padding: causal}}}}, {HEAD}]", ""),
    "recurrent": (f"{IMAGE}, layers: [flatten, {{unflatten: [28, 28]}}, {{lstm: {{units: 3, layers: 2}}}}, {HEAD}]", ""),
    # And gate and multiply, which came with it.
    "gatedResidual": (f"{IMAGE}, layers: [flatten, {{unflatten: [28, 28]}}, {{gatedResidual: {{}}}}, {HEAD}]", ""),
    "convTranspose": (f"{IMAGE}, layers: [{{maxPool: 4}}, {{convTranspose: {{filters: 2, kernel: 3}}}}, "
                      f"{{upsample: {{factor: 2, mode: bilinear}}}}, {HEAD}]", ""),
    "connections": (f"{IMAGE}, layers: [{{conv: {{filters: 1, kernel: 3, connections: [[0]]}}}}, {HEAD}]", ""),
    "local": (f"{IMAGE}, layers: [{{local: {{filters: 1, kernel: 9, stride: 4}}}}, {HEAD}]", ""),
    "imageKernel": (f"{IMAGE}, layers: [{{imageKernel: edge}}, {HEAD}]", ""),
    "scattering": (f"{IMAGE}, layers: [{{scattering: {{J: 2, L: 2}}}}, {HEAD}]", ""),
    "simpleCells": (f"{IMAGE}, layers: [{{simpleCells: {{planes: 2, kernel: 3}}}}, "
                    f"{{complexCells: {{kernel: 3, stride: 2}}}}, {HEAD}]", ""),
    "groupConv": (f"{IMAGE}, layers: [{{groupConv: {{group: p4m, filters: 1, kernel: 3}}}}, groupPool, {HEAD}]", ""),
    "circular": (f"{IMAGE}, layers: [{{conv: {{filters: 1, kernel: 3, padding: 1, paddingMode: circular}}}}, "
                 f"{HEAD}]", ""),
    "flip": (f"{IMAGE}, layers: [{{conv: {{filters: 1, kernel: 3, flip: true}}}}, {HEAD}]", ""),
    "inputs": ("inputs: {image: [28, 28, 1], slant: [1]}, layers: [{name: f, from: image, flatten: {}}, "
               "{from: [f, slant], concatenate: {}}, {linear: 10}]", ""),
    "losses": (f"{IMAGE}, layers: [{HEAD}, {{name: b, linear: 1}}]",
               f"losses: [{CROSS_ENTROPY}, {{mse: {{of: b, target: slant}}, weight: 10}}]\n"
               "metrics: [{accuracy: {of: a}}, {mae: {of: b}}]\n"),
    "classWeights": (f"{IMAGE}, layers: [{HEAD}, softmax]",
                     "loss: {crossEntropy: {classWeights: balanced, sampleWeights: strokeWidth}}\n"),
    "normalSample": (f"{IMAGE}, layers: [{HEAD}, {{from: [a, a], normalSample: {{}}}}]", ""),
    "pixels": (f"{IMAGE}, layers: [{HEAD}]", "data: {name: digits, augment: [ {gaussianNoise: 0.1} ]}\n"),
    "freeze": (f"{IMAGE}, layers: [{HEAD}, {{linear: 10}}]", "freeze: ['a.*']\n"),
}


def probe(work, without):
    """The features that the program has and that are wanted, and a list of the others."""
    features, missing = set(), []
    for name, (model, keys) in PROBES.items():
        if name in without:
            missing.append(name)
            continue
        loss = "" if "loss" in keys else "loss: crossEntropy\n"
        data = "" if "data:" in keys else DATA
        (work / "probe.yaml").write_text(f"model: {{{model}}}{REST}{data}{loss}{keys}")
        known = run("summary", str(work / "probe.yaml")).returncode == 0
        features.add(name) if known else missing.append(name)
    # What predict writes of each output.
    features.add("outputs") if "--outputs" in run("predict", "--help").stdout else missing.append("outputs")
    return features, missing


def run(*arguments):
    return subprocess.run([TRAINER, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
