"""What a model of a configuration means: the walk through its layers, the names of its parameters, and all shapes.

A shape is that of a sample as a configuration gives it: (height, width, channels) of an image, (features,) of a vector.
"""
import math
from gated_blocks import gated_convolutions

# What a value that is no map stands for: {linear: 10} for {linear: {units: 10}}.
SHORT = {
    "linear": "units", "leakyRelu": "slope", "elu": "alpha", "maxPool": "kernel", "averagePool": "kernel",
    "l2Pool": "kernel", "stochasticPool": "kernel", "subsampling": "kernel", "localResponseNorm": "size",
    "groupNorm": "groups", "radialBasis": "units", "rbm": "units", "dropout": "probability", "gaussianNoise": "deviation", "factor": "by", "residual": "main",
    "concatenate": "branches", "sequence": "layers", "unflatten": "shape", "share": "of", "upsample": "factor", "rnn": "units", "lstm": "units", "gru": "units",
    "imageKernel": "kernel", "groupPool": "mode"}
BESIDE = ("name", "from", "auxiliary")
SAME = (
    "relu", "leakyRelu", "sigmoid", "tanh", "softmax", "logSoftmax", "elu", "gelu", "silu", "softplus", "ramp",
    "scaledTanh", "identity", "threshold", "dropout", "gaussianNoise", "factor", "localResponseNorm")


def kind_of(layer):
    """The kind of a layer of a configuration, and its options as a map."""
    if isinstance(layer, str):
        return layer, {}
    kind, = [key for key in layer if key not in BESIDE]
    options = layer[kind]
    return kind, options if isinstance(options, dict) else {SHORT[kind]: options}


def own_name(layer):
    return layer.get("name") if isinstance(layer, dict) else None


def is_head(layer):
    """Whether a layer is an auxiliary head."""
    return isinstance(layer, dict) and "auxiliary" in layer


def pair(size):
    """Height and width of what a configuration gives as one number or as [height, width]."""
    return tuple(size) if isinstance(size, list) else (size, size)


class Walk:
    """Takes values through a model.

    `algebra` says what the values are. It has a method for each kind of layer: (path, options, value) to the layer's
    value, where parameters are named by the path. `concatenate`, `add`, `multiply` and `normalSample` take (path, values); `same` takes
    (kind, options, value), for all whose output has the shape of the input.
    """

    def __init__(self, algebra):
        self.algebra = algebra
        self.nodes = {}  # the layers of the top level by name, which others may share

    def model(self, model, inputs):
        """The value of each node by its name, its number if it has none, and under None that of the last.

        `inputs` are the values of the model's inputs by name; a model with one input has it under None.
        """
        values = dict(inputs)
        for number, layer in enumerate(model["layers"]):
            name = own_name(layer) or str(number)
            sources = layer.get("from") if isinstance(layer, dict) else None
            sources = sources if isinstance(sources, list) else [sources]
            self.nodes[name] = layer
            values[name] = self.layer(layer, name, [values[source] for source in sources])
            if not is_head(layer):  # else the next layer goes on before it
                values[None] = values[name]
        return values

    def layer(self, layer, path, values):
        kind, options = kind_of(layer)
        if kind == "share":
            return self.layer(self.nodes[options["of"]], options["of"], values)
        if kind in ("add", "multiply", "normalSample") or kind == "concatenate" and len(values) > 1:
            return getattr(self.algebra, kind)(path, values)
        value, = values
        if kind == "sequence":
            return self.sequence(options["layers"], path, value)
        if kind == "residual":
            shortcut = options.get("shortcut")
            main = self.sequence(options["main"], path, value)
            return self.algebra.add(path, [main, self.branch(shortcut, path, "shortcut", value) if shortcut else value])
        if kind == "concatenate":
            return self.algebra.concatenate(path, [
                self.branch(branch, path, f"branch{number}", value)
                for number, branch in enumerate(options["branches"], 1)])
        if kind in SAME:
            return self.algebra.same(kind, options, value)
        return getattr(self.algebra, kind)(path, options, value)

    def sequence(self, layers, path, value):
        for number, layer in enumerate(layers):
            value = self.layer(layer, f"{path}.{own_name(layer) or number}", [value])
        return value

    def branch(self, layers, path, name, value):
        """One layer that has a name keeps it; any other branch adds its own to the path."""
        is_named = len(layers) == 1 and own_name(layers[0])
        return self.sequence(layers, path if is_named else f"{path}.{name}", value)


def split_padding(n, kernel, stride, dilation=1):
    """The padding before and behind n positions with which windows begin at each multiple of the stride: `same`."""
    total = max((math.ceil(n / stride) - 1) * stride + dilation * (kernel - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def window_padding(options, height, width):
    """[(top, bottom), (left, right)] of a convolution or pooling over an image."""
    kernel, stride = pair(options["kernel"]), pair(options.get("stride", 1))
    dilation = pair(options.get("dilation", 1))
    if options.get("padding") == "same":
        return [split_padding(n, k, s, d) for n, k, s, d in zip((height, width), kernel, stride, dilation)]
    return [(padding, padding) for padding in pair(options.get("padding", 0))]


def passes(options, channels):
    """The end of the parameters' names of each layer and direction, and how many numbers it reads."""
    directions = 1 + options.get("bidirectional", False)
    for layer in range(options.get("layers", 1)):
        for end in ["", "_reverse"][:directions]:
            yield f"_l{layer}{end}", directions * options["units"] if layer else channels


def step_padding(options, steps):
    """The zeros before and behind a sequence that a convolution over its steps reads."""
    padding, dilation = options.get("padding", 0), options.get("dilation", 1)
    if padding == "causal":
        return dilation * (options["kernel"] - 1), 0
    if padding == "same":
        return split_padding(steps, options["kernel"], options.get("stride", 1), dilation)
    return padding, padding


def window_count(n, kernel, stride, padding, dilation=1, ceil=False):
    """How many windows there are along n positions; 0 where none fits."""
    before, behind = padding
    room = n + before + behind - dilation * (kernel - 1) - 1
    if room < 0:
        return 0
    count = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (count - 1) * stride >= n + before:  # it would begin behind the image
        count -= 1
    return count


ELEMENTS = {"p4": 4, "p4m": 8}  # of a group of symmetries

KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "gaussian": [[1 / 16, 1 / 8, 1 / 16], [1 / 8, 1 / 4, 1 / 8], [1 / 16, 1 / 8, 1 / 16]],
    "edge": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
}


def given_kernel(options):
    """A layer's given kernel, and its options with that one's size."""
    values = KERNELS[options["kernel"]] if "kernel" in options else options["values"]
    return values, {**options, "kernel": [len(values), len(values[0])]}


class Shapes:
    """The algebra of shapes; notes the shape of each parameter in PyTorch's layout on the way."""

    def __init__(self):
        self.parameters = {}
        self.statistics = set()

    def parameter(self, name, *shape):
        if self.parameters.setdefault(name, shape) != shape:
            raise ValueError(f"{name} is {self.parameters[name]} and {shape}")

    def same(self, kind, options, shape):
        return shape

    def conv(self, path, options, shape):
        height, width, channels = shape
        kernel, filters = pair(options["kernel"]), options["filters"]
        if "connections" in options:
            self.parameter(path + ".weight", sum(map(len, options["connections"])), *kernel)
        else:
            self.parameter(path + ".weight", filters, channels // options.get("groups", 1), *kernel)
        if options.get("bias", True):
            self.parameter(path + ".bias", filters)
        return *self.windows(options, height, width), filters

    def conv1d(self, path, options, shape):
        steps, channels = shape
        kernel, filters = options["kernel"], options["filters"]
        self.parameter(path + ".weight", filters, channels // options.get("groups", 1), kernel)
        if options.get("bias", True):
            self.parameter(path + ".bias", filters)
        return window_count(
            steps, kernel, options.get("stride", 1), step_padding(options, steps), options.get("dilation", 1)), filters

    def recurrent(self, path, options, shape, gates):
        units, directions = options["units"], 1 + options.get("bidirectional", False)
        for name, inputs in passes(options, shape[1]):
            rows = gates * units
            self.parameter(f"{path}.weight_ih{name}", rows, inputs)
            self.parameter(f"{path}.weight_hh{name}", rows, units)
            for key in ("bias_ih", "bias_hh")[:["none", "one", "two"].index(options.get("bias", "two"))]:
                self.parameter(f"{path}.{key}{name}", rows)
        channels = directions * units
        return (channels,) if options.get("returns") == "last" else (shape[0], channels)

    def rnn(self, path, options, shape):
        return self.recurrent(path, options, shape, 1)

    def lstm(self, path, options, shape):
        return self.recurrent(path, options, shape, 4)

    def gru(self, path, options, shape):
        return self.recurrent(path, options, shape, 3)

    def gate(self, path, options, shape):
        return *shape[:-1], shape[-1] // 2

    def gatedResidual(self, path, options, shape):
        convolutions = gated_convolutions(options, shape[1])
        gated = self.gate(path, {}, self.conv1d(path + ".conv", convolutions.pop("conv"), shape))
        ends = {name: self.conv1d(f"{path}.{name}", own, gated) for name, own in convolutions.items()}
        return self.add(path, [shape, ends["residual"]]) if "residual" in ends else ends["skip"]

    def local(self, path, options, shape):
        height, width = self.windows(options, *shape[:2])
        units = height * width * options["filters"]
        self.parameter(path + ".weight", units, shape[2] // options.get("groups", 1), *pair(options["kernel"]))
        if options.get("bias", True):
            self.parameter(path + ".bias", units)
        return height, width, options["filters"]

    def imageKernel(self, path, options, shape):
        return *self.windows(given_kernel(options)[1], *shape[:2]), shape[2]

    def scattering(self, path, options, shape):
        scales, orientations = options["J"], options.get("L", 8)
        paths = 1 + scales * orientations
        if options.get("order", 2) > 1:
            paths += orientations ** 2 * scales * (scales - 1) // 2
        return shape[0] >> scales, shape[1] >> scales, shape[2] * paths

    def simpleCells(self, path, options, shape):
        kernel, planes = pair(options["kernel"]), options["planes"]
        self.parameter(path + ".weight", planes, shape[2], *kernel)
        self.parameter(path + ".inhibition", planes)
        return *self.windows(options, *shape[:2]), planes

    def complexCells(self, path, options, shape):
        return *self.windows(options, *shape[:2]), shape[2]

    def groupConv(self, path, options, shape):
        """Of an image, or of a value over a group: (height, width, elements, channels)."""
        height, width, *channels = shape
        kernel, filters = options["kernel"], options["filters"]
        self.parameter(path + ".weight", filters, math.prod(channels), kernel, kernel)
        if options.get("bias", True):
            self.parameter(path + ".bias", filters)
        return *self.windows(options, height, width), ELEMENTS[options["group"]], filters

    def groupPool(self, path, options, shape):
        height, width, _, channels = shape
        return height, width, channels

    def convTranspose(self, path, options, shape):
        kernel, filters = pair(options["kernel"]), options["filters"]
        self.parameter(path + ".weight", shape[2], filters // options.get("groups", 1), *kernel)
        if options.get("bias", True):
            self.parameter(path + ".bias", filters)
        return *(
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + o
            for n, k, s, p, d, o in zip(
                shape, kernel, *(pair(options.get(key, default)) for key, default in
                                 (("stride", 1), ("padding", 0), ("dilation", 1), ("outputPadding", 0))))), filters

    def upsample(self, path, options, shape):
        return *(n * factor for n, factor in zip(shape[:-1], pair(options["factor"]))), shape[-1]

    def maxPool(self, path, options, shape):
        options = {**options, "stride": options.get("stride", options["kernel"])}
        return *self.windows(options, *shape[:2]), *shape[2:]

    averagePool = l2Pool = stochasticPool = maxPool

    def subsampling(self, path, options, shape):
        return self.scale(path, {}, self.maxPool(path, options, shape))

    def windows(self, options, height, width):
        return [
            window_count(n, k, s, p, d, options.get("ceil", False))
            for n, k, s, p, d in zip(
                (height, width), pair(options["kernel"]), pair(options.get("stride", 1)),
                window_padding(options, height, width), pair(options.get("dilation", 1)))]

    def linear(self, path, options, shape):
        features, = shape
        self.parameter(path + ".weight", options["units"], features)
        if options.get("bias", True):
            self.parameter(path + ".bias", options["units"])
        return options["units"],

    def layerNorm(self, path, options, shape):
        if options.get("affine", True):
            self.parameter(path + ".weight", shape[-1])
            self.parameter(path + ".bias", shape[-1])
        return shape

    groupNorm = layerNorm

    def instanceNorm(self, path, options, shape):
        return self.layerNorm(path, {"affine": False, **options}, shape)

    def scale(self, path, options, shape):
        self.parameter(path + ".weight", shape[-1])
        if options.get("bias", True):
            self.parameter(path + ".bias", shape[-1])
        return shape

    def radialBasis(self, path, options, shape):
        features, = shape
        self.parameter(path + ".weight", options["units"], features)
        return options["units"],

    def rbm(self, path, options, shape):
        features, = shape
        self.parameter(path + ".weight", options["units"], features)
        self.parameter(path + ".bias", options["units"])
        self.parameter(path + ".visibleBias", features)
        return options["units"],

    def batchNorm(self, path, options, shape):
        for name in ("running_mean", "running_var") + (("weight", "bias") if options.get("affine", True) else ()):
            self.parameter(f"{path}.{name}", shape[-1])
        self.statistics |= {path + ".running_mean", path + ".running_var"}
        return shape

    def globalAveragePool(self, path, options, shape):
        return shape[-1],

    globalMaxPool = globalAveragePool

    def flatten(self, path, options, shape):
        return math.prod(shape),

    def unflatten(self, path, options, shape):
        return tuple(options["shape"])

    def add(self, path, shapes):
        if len(set(shapes)) > 1:
            raise ValueError(f"{path} combines {shapes}")
        return shapes[0]

    multiply = normalSample = add

    def concatenate(self, path, shapes):
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ValueError(f"{path} joins {shapes}")
        return *shapes[0][:-1], sum(shape[-1] for shape in shapes)


def shape_after(layers, shape):
    """The shape that a list of layers makes of another."""
    return Walk(Shapes()).sequence(layers, "", shape)
