"""PyTorch's side of a comparison: what its functions make of a model's configuration and of weights from a file.

Everything is computed with PyTorch's own layouts, [N, C, H, W] for images and [N, C, T] for sequences, in evaluation
mode, and in double precision, so that the other side's error alone is seen. Without PyTorch `torch` is None.
"""
import math

import layers
from gated_blocks import gated_convolutions
from layers import pair, step_padding, window_padding

try:
    import torch
    import torch.nn.functional as F
    import torch_scattering
except ImportError:
    torch = None

ACTIVATIONS = {
    "relu": lambda x: F.relu(x), "leakyRelu": lambda x, slope=0.01: F.leaky_relu(x, slope),
    "sigmoid": lambda x: torch.sigmoid(x), "tanh": lambda x: torch.tanh(x),
    "softmax": lambda x: F.softmax(x, 1), "logSoftmax": lambda x: F.log_softmax(x, 1),
    "elu": lambda x, alpha=1.0: F.elu(x, alpha), "gelu": lambda x: F.gelu(x), "silu": lambda x: F.silu(x),
    "softplus": lambda x: F.softplus(x), "ramp": lambda x: F.hardtanh(x),
    "scaledTanh": lambda x: 1.7159 * torch.tanh(2 * x / 3), "identity": lambda x: x,
    "threshold": lambda x: (x >= 0).to(x.dtype),
    "dropout": lambda x, probability, scaling="training": x if scaling == "training" else (1 - probability) * x,
    "gaussianNoise": lambda x, deviation: x,
    "factor": lambda x, by: by * x,
    # It wants an image or a sequence.
    "localResponseNorm": lambda x, **options: F.local_response_norm(
        x.unsqueeze(-1) if x.dim() == 2 else x, **options).reshape(x.shape),
}


def falling_taps(kernel, decay):
    """decay to the power of each tap's distance from the middle."""
    y, x = (torch.arange(extent, dtype=torch.float64) - (extent - 1) / 2 for extent in kernel)
    return decay ** (y[:, None] ** 2 + x[None] ** 2).sqrt()


def sum_pool(x, kernel, stride, padding, ceil):
    return F.avg_pool2d(x, kernel, stride, padding, ceil, divisor_override=1)


def max_pool(x, kernel, stride, padding, ceil):
    return F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)


def tensor(weights, name):
    return torch.frombuffer(bytearray(weights.bytes(name)), dtype=torch.float32).reshape(weights.shapes[name]).double()


def bordered(options, x):
    """The image with the border that a convolution reads around it."""
    (top, bottom), (left, right) = window_padding(options, *x.shape[2:])
    if options.get("paddingMode") != "circular":
        return F.pad(x, (left, right, top, bottom))
    # PyTorch's own goes round at most once.
    rows = torch.arange(-top, x.shape[2] + bottom) % x.shape[2]
    columns = torch.arange(-left, x.shape[3] + right) % x.shape[3]
    return x[:, :, rows][..., columns]


def connected(weight, connections, channels):
    """Filters [out, in, height, width] of the weights [pairs, height, width] of a table of connections."""
    filters = torch.zeros(len(connections), channels, *weight.shape[1:], dtype=weight.dtype)
    pairs = [(output, source) for output, sources in enumerate(connections) for source in sources]
    for pair_weight, (output, source) in zip(weight, pairs):
        filters[output, source] = pair_weight
    return filters


def turned(x, element):
    """An image or filters as an element m · 4 + r of p4m moves them: m times mirrored, then turned by r quarters."""
    return (x if element < 4 else x.flip(-1)).rot90(element % 4, (-2, -1))


def in_all_positions(weight, order, elements):
    """Filters [order · out, in, k, k] of weights [out, in, k, k] over a group; the inputs of a group are (element, channel)."""
    mark = torch.arange(9).reshape(3, 3)
    filters = []
    for element in range(order):
        # The one that this element moves to each other one.
        sources = [
            next(e for e in range(order) if turned(turned(mark, e), element).equal(turned(mark, other)))
            for other in range(order)] if elements > 1 else [0]
        parts = weight.unflatten(1, (elements, -1))[:, sources]
        filters.append(turned(parts, element).flatten(1, 2))
    return torch.cat(filters)


class Torch:
    """The algebra of PyTorch's tensors."""

    def __init__(self, weights):
        self.weights = weights

    def parameter(self, name):
        return tensor(self.weights, name) if name in self.weights.shapes else None

    def parameters(self, path, *names):
        return [self.parameter(f"{path}.{name}") for name in names]

    def same(self, kind, options, x):
        return ACTIVATIONS[kind](x, **options)

    def conv(self, path, options, x):
        stride, dilation = pair(options.get("stride", 1)), pair(options.get("dilation", 1))
        weight, bias = self.parameters(path, "weight", "bias")
        if "connections" in options:
            weight = connected(weight, options["connections"], x.shape[1])
        if options.get("flip"):
            weight = weight.flip(2, 3)
        return F.conv2d(bordered(options, x), weight, bias, stride, 0, dilation, options.get("groups", 1))

    def groupConv(self, path, options, x):
        """A value over a group is [N, C, elements, H, W] here."""
        order, elements = layers.ELEMENTS[options["group"]], x.shape[2] if x.dim() == 5 else 1
        weight, bias = self.parameters(path, "weight", "bias")
        if elements > 1:
            x = x.movedim(1, 2).flatten(1, 2)
        y = F.conv2d(
            bordered(options, x), in_all_positions(weight, order, elements),
            None if bias is None else bias.repeat(order), options.get("stride", 1))
        return y.unflatten(1, (order, -1)).movedim(2, 1)

    def groupPool(self, path, options, x):
        return x.mean(2) if options.get("mode") == "mean" else x.amax(2)

    def imageKernel(self, path, options, x):
        values, options = layers.given_kernel(options)
        kernel = torch.tensor(values, dtype=x.dtype).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(bordered(options, x), kernel, groups=x.shape[1])

    def scattering(self, path, options, x):
        return torch_scattering.scattering(x, options["J"], options.get("L", 8), options.get("order", 2))

    def simpleCells(self, path, options, x):
        x, channels = bordered(options, x), x.shape[1]
        weight, inhibition = self.parameters(path, "weight", "inhibition")
        taps = falling_taps(weight.shape[2:], options.get("decay", 0.9))
        taps = (taps / taps.sum() / channels).expand(1, channels, -1, -1)
        r = options.get("selectivity", 4)
        inhibited = 1 + 2 * r / (1 + r) * inhibition[:, None, None] * F.conv2d(x ** 2, taps).sqrt()
        return r * F.relu((1 + F.conv2d(x, weight)) / inhibited - 1)

    def complexCells(self, path, options, x):
        taps = falling_taps(pair(options["kernel"]), options.get("decay", 0.8)).expand(x.shape[1], 1, -1, -1)
        sums = F.conv2d(bordered(options, x), taps, None, pair(options.get("stride", 1)), groups=x.shape[1])
        z = F.relu((1 + sums) / (1 + sums.mean(1, keepdim=True)) - 1)
        return z / (options.get("saturation", 0.5) + z)

    def local(self, path, options, x):
        """Each position's patch times its own filters."""
        kernel, groups = pair(options["kernel"]), options.get("groups", 1)
        height, width = layers.Shapes().windows(options, *x.shape[2:])
        patches = F.unfold(
            bordered(options, x), kernel, pair(options.get("dilation", 1)), 0, pair(options.get("stride", 1)))
        weight, bias = self.parameters(path, "weight", "bias")
        filters = weight.reshape(height * width, groups, options["filters"] // groups, -1)
        y = torch.einsum("ngkp,pgok->ngop", patches.unflatten(1, (groups, -1)), filters).flatten(1, 2)
        return (y if bias is None else y + bias.reshape(height * width, -1).T).unflatten(2, (height, width))

    def conv1d(self, path, options, x):
        x = F.pad(x, step_padding(options, x.shape[2]))
        return F.conv1d(
            x, *self.parameters(path, "weight", "bias"), options.get("stride", 1), 0, options.get("dilation", 1),
            options.get("groups", 1))

    def recurrent(self, path, options, x, module):
        both = options.get("bidirectional", False)
        module = module(x.shape[1], options["units"], options.get("layers", 1), bidirectional=both, batch_first=True)
        state = {
            name: self.parameter(f"{path}.{name}") if f"{path}.{name}" in self.weights.shapes else torch.zeros_like(value)
            for name, value in module.state_dict().items()}
        module.double().requires_grad_(False).load_state_dict(state)
        states, last = module(x.transpose(1, 2))
        if options.get("returns") == "last":
            h = last[0] if isinstance(last, tuple) else last
            return torch.cat([h[-2], h[-1]], 1) if both else h[-1]
        return states.transpose(1, 2)

    def rnn(self, path, options, x):
        return self.recurrent(path, options, x, lambda *sizes, **keys: torch.nn.RNN(
            *sizes, nonlinearity=options.get("activation", "tanh"), **keys))

    def lstm(self, path, options, x):
        return self.recurrent(path, options, x, torch.nn.LSTM)

    def gru(self, path, options, x):
        return self.recurrent(path, options, x, torch.nn.GRU)

    def gate(self, path, options, x):
        a, b = x.chunk(2, 1)
        return torch.tanh(a) * torch.sigmoid(b)

    def gatedResidual(self, path, options, x):
        convolutions = gated_convolutions(options, x.shape[1])
        gated = self.gate(path, {}, self.conv1d(path + ".conv", convolutions.pop("conv"), x))
        ends = {name: self.conv1d(f"{path}.{name}", own, gated) for name, own in convolutions.items()}
        return x + ends["residual"] if "residual" in ends else ends["skip"]

    def convTranspose(self, path, options, x):
        stride, padding, outputs, dilation = (
            pair(options.get(key, default)) for key, default in
            (("stride", 1), ("padding", 0), ("outputPadding", 0), ("dilation", 1)))
        return F.conv_transpose2d(
            x, *self.parameters(path, "weight", "bias"), stride, padding, outputs, options.get("groups", 1), dilation)

    def upsample(self, path, options, x):
        factor = pair(options["factor"]) if x.dim() == 4 else (options["factor"],)
        if options.get("mode") == "bilinear":
            return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
        return F.interpolate(x, scale_factor=factor, mode="nearest")

    def pool(self, options, x, pooled, blank):
        """A pooling whose padding is the same on both sides is PyTorch's; for any other the image is padded first."""
        if x.dim() == 5:  # over a group
            return self.pool(options, x.flatten(1, 2), pooled, blank).unflatten(1, x.shape[1:3])
        kernel, stride = pair(options["kernel"]), pair(options.get("stride", options["kernel"]))
        options = {**options, "stride": list(stride)}
        (top, bottom), (left, right) = window_padding(options, *x.shape[2:])
        if top == bottom and left == right:
            return pooled(x, kernel, stride, (top, left), options.get("ceil", False))
        height, width = layers.Shapes().windows(options, *x.shape[2:])
        x = F.pad(x, (left, right, top, bottom), value=blank)
        return pooled(x, kernel, stride, (0, 0), options.get("ceil", False))[..., :height, :width]

    def maxPool(self, path, options, x):
        return self.pool(options, x, max_pool, float("-inf"))

    def averagePool(self, path, options, x):
        counts_padding = options.get("countIncludePad", True)

        def means(x, kernel, stride, padding, ceil):
            return F.avg_pool2d(x, kernel, stride, padding, ceil, counts_padding)

        y = self.pool(options, x, means, 0)
        # What was padded beforehand has counted; the mean of ones says as how much.
        return y if counts_padding else y / self.pool(options, torch.ones_like(x), means, 0)

    def l2Pool(self, path, options, x):
        return self.pool(options, x * x, sum_pool, 0).sqrt()

    def stochasticPool(self, path, options, x):
        """In evaluation: the mean of the positive values, each weighted with itself."""
        a = F.relu(x)
        total = self.pool(options, a, sum_pool, 0)
        return self.pool(options, a * a, sum_pool, 0) / torch.where(total == 0, 1, total)

    def subsampling(self, path, options, x):
        return self.scale(path, {}, self.pool(options, x, sum_pool, 0))

    def scale(self, path, options, x):
        weight, bias = self.parameters(path, "weight", "bias")
        shape = (-1,) + (1,) * (x.dim() - 2)
        return x * weight.view(shape) + (0 if bias is None else bias.view(shape))

    def globalMaxPool(self, path, options, x):
        return x.flatten(2).amax(2)

    def radialBasis(self, path, options, x):
        distance = (x.unsqueeze(1) - self.parameter(path + ".weight")).square().sum(2)
        return -distance if options.get("output") == "score" else distance

    def groupNorm(self, path, options, x):
        return F.group_norm(
            x, options["groups"], *self.parameters(path, "weight", "bias"), options.get("epsilon", 1e-5))

    def instanceNorm(self, path, options, x):
        return self.groupNorm(path, {**options, "groups": x.shape[1]}, x)

    def globalAveragePool(self, path, options, x):
        return x.flatten(2).mean(2)

    def linear(self, path, options, x):
        return F.linear(x, *self.parameters(path, "weight", "bias"))

    def rbm(self, path, options, x):
        y = self.linear(path, options, x)
        return y if options.get("hidden") == "gaussian" else torch.sigmoid(y)

    def batchNorm(self, path, options, x):
        weight, bias, mean, variance = self.parameters(path, "weight", "bias", "running_mean", "running_var")
        return F.batch_norm(x, mean, variance, weight, bias, False, 0, options.get("epsilon", 1e-5))

    def layerNorm(self, path, options, x):
        """Over the channels of each position, as torchvision's LayerNorm2d does for images."""
        y = F.layer_norm(
            x.movedim(1, -1), x.shape[1:2], *self.parameters(path, "weight", "bias"), options.get("epsilon", 1e-5))
        return y.movedim(-1, 1)

    def flatten(self, path, options, x):
        """A sequence, which is [N, C, T] here, keeps its order (t, c)."""
        return (x.movedim(1, 2) if x.dim() == 3 else x).flatten(1)

    def unflatten(self, path, options, x):
        if len(options["shape"]) == 2:
            return x.unflatten(1, options["shape"]).movedim(2, 1)
        height, width, channels = options["shape"]
        return x.unflatten(1, (channels, height, width))

    def add(self, path, values):
        return sum(values)

    def multiply(self, path, values):
        return math.prod(values)

    def normalSample(self, path, values):
        return values[0]  # the means

    def concatenate(self, path, values):
        return torch.cat(values, 1)


def images(pixels, count, preprocessing):
    """`count` images [N, 1, 28, 28] of bytes as the model gets them."""
    x = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).double().reshape(count, 1, 28, 28) / 255
    return {"none": x, "scaleMinusOneToOne": 2 * x - 1}[preprocessing]


def column(numbers):
    """Numbers [N, 1], one a sample, as 32-bit floats hold them."""
    return torch.tensor(numbers, dtype=torch.float32).double().unsqueeze(1)
