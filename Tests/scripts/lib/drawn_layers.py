"""Lists of layers drawn at random that fit together: from a shape to any other, or to one that is given."""
import itertools
import math

from drawn_convolutions import LARGEST_VECTOR, MOST_CHANNELS, ConvolutionDraw
from layers import pair, shape_after, window_count

LARGEST_SQUARE = 160  # features of a vector from which a linear layer makes as many again
DEEPEST = 2  # lists of layers within lists of layers


class LayerDraw(ConvolutionDraw):
    """Draws layers. Each method gives a list of them; `rng` decides, `features` says what the program knows."""

    def __init__(self, rng, features):
        self.rng, self.features = rng, features
        self.names = itertools.count(1)

    def odds(self, probability):
        return self.rng.random() < probability

    def new_name(self):
        return f"n{next(self.names)}"

    def named(self, layer, always=False):
        """The layer, sometimes with a name of its own."""
        if not always and not self.odds(0.15):
            return layer
        return {"name": self.new_name(), **({layer: {}} if isinstance(layer, str) else layer)}

    # MARK: - Layers that keep the shape

    def activation(self):
        if self.odds(0.06):  # one behind the other would leave little to compare
            return self.rng.choice(["softmax", "logSoftmax"])
        return self.rng.choice([
            "relu", "relu", "relu", "sigmoid", "tanh", "gelu", "silu", "softplus", "ramp",
            "elu", {"elu": 0.5}, "leakyRelu", {"leakyRelu": 0.2}, "scaledTanh", "identity"])

    def normalization(self, channels):
        # Of one channel a layerNorm would leave only its bias, and nothing to compare.
        if "layerNorm" in self.features and channels > 1 and self.odds(0.3):
            return self.rng.choice([
                "layerNorm", {"layerNorm": {"epsilon": 1e-3}}, {"layerNorm": {"epsilon": 0.1, "affine": False}}])
        if channels > 1 and self.odds(0.25):
            groups = self.rng.choice([n for n in range(1, channels) if channels % n == 0])
            return self.rng.choice([
                {"groupNorm": groups}, {"groupNorm": {"groups": groups, "epsilon": 1e-3, "affine": False}}])
        if self.odds(0.25):
            return self.rng.choice([
                {"localResponseNorm": 5}, {"localResponseNorm": {"size": 3, "alpha": 0.5, "k": 2}},
                {"localResponseNorm": {"size": 4, "alpha": 1, "beta": 0.6}}])
        options = self.rng.choice([{}, {}, {"momentum": 0.3, "epsilon": 1e-3}, {"affine": False}])
        if "gaussianNoise" in self.features and self.odds(0.2):
            options = {**options, "frozen": "grain"}
        if "batchStatistics" in self.features and self.odds(0.3):
            options = {**options, "statistics": "batch"}
        return {"batchNorm": options} if options else "batchNorm"

    def pointwise(self, channels):
        return self.named(self.rng.choice([
            self.activation, self.activation, lambda: self.normalization(channels),
            lambda: self.rng.choice([
                {"dropout": 0.1}, {"dropout": 0.5}, {"dropout": {"probability": 0.2, "scaling": "evaluation"}},
                {"gaussianNoise": 0.1} if "gaussianNoise" in self.features else {"dropout": 0.3},
                {"factor": 0.5} if "factor" in self.features else "scale",
                "scale", {"scale": {"bias": False}}])])())

    def keeping(self, shape, depth):
        """Layers whose output has the shape of their input."""
        layers = []
        for _ in range(self.rng.randint(1, 3)):
            if len(shape) == 1:
                is_linear = self.odds(0.4) and shape[0] <= LARGEST_SQUARE
                layers.append(self.linear(shape[0]) if is_linear else self.pointwise(shape[0]))
            elif self.odds(0.4):
                layers.append(self.convolution(shape, shape[2], keeps=True))
            elif self.odds(0.3):
                layers.append(self.pool(shape, keeps=True))
            else:
                layers.append(self.pointwise(shape[-1]))
            if depth < DEEPEST and self.odds(0.15):
                layers.append({"residual": self.keeping(shape, depth + 1)})
        return layers

    # MARK: - Images

    def size(self, choices):
        """A number for both directions, or one for each."""
        height, width = self.rng.choice(choices), self.rng.choice(choices)
        return [height, width] if self.odds(0.3) else height

    def pool(self, shape, keeps=False):
        kind = self.rng.choice(["maxPool", "maxPool", "averagePool", "l2Pool", "stochasticPool"])
        for _ in range(50):
            if keeps:
                options = {"kernel": self.size([1, 2, 3, 3, 5]), "stride": 1, "padding": "same"}
                if all(k % 2 == 1 for k in pair(options["kernel"])) and self.odds(0.5):
                    options["padding"] = [k // 2 for k in pair(options["kernel"])]
            else:
                options = {"kernel": self.size([2, 2, 2, 3, 3, 5])}
                if self.odds(0.4):
                    options["stride"] = self.size([1, 2, 2, 3])
                if self.odds(0.5):
                    some = [self.rng.randint(0, k // 2) for k in pair(options["kernel"])]
                    options["padding"] = self.rng.choice(["same", some])
            if self.odds(0.4):
                options["ceil"] = True
            after = shape_after([{kind: options}], shape)
            if min(after) > 0 and (after == shape or not keeps):
                break
        else:
            return "relu"
        if kind == "averagePool" and self.odds(0.5):
            options["countIncludePad"] = False
        return self.named({kind: options["kernel"] if set(options) == {"kernel"} and self.odds(0.7) else options})

    def image_block(self, shape, depth):
        """A few layers from an image to an image of any size."""
        choice = self.rng.random()
        if depth >= DEEPEST or choice < 0.55:
            layers = [self.convolution(shape)] if self.odds(0.6) else [self.pool(shape)]
            if min(shape[:2]) > 1 and self.odds(0.08):
                layers = [self.named({"subsampling": self.rng.choice([2, {"kernel": 2, "stride": 1}])})]
            elif "convTranspose" in self.features and math.prod(shape) <= LARGEST_VECTOR and self.odds(0.4):
                layers = [self.enlarged(shape)]
            elif "groupConv" in self.features and self.odds(0.12):
                layers = self.group_block(shape)
            elif "imageKernel" in self.features and self.odds(0.1):
                layers = [self.given(shape)]
            elif "scattering" in self.features and min(shape[:2]) > 1 and shape[2] <= 4 and self.odds(0.06):
                layers = [self.named({"scattering": self.scattered(min(shape[:2]))})]
            elif "simpleCells" in self.features and self.odds(0.06):
                layers = self.cells()
            return layers + ([self.pointwise(shape_after(layers, shape)[-1])] if self.odds(0.6) else [])
        if choice < 0.65:
            if math.prod(shape[:2]) > 1 and self.odds(0.3):  # of one position it would leave nothing
                return [self.named(self.rng.choice(["instanceNorm", {"instanceNorm": {"affine": True}}]))]
            return [self.pointwise(shape[-1])]
        if choice < 0.75:
            return [self.named({"residual": self.keeping(shape, depth + 1)})]
        if choice < 0.85:
            main = self.image_block(shape, depth + 1)
            shortcut = self.reach(shape, shape_after(main, shape), depth + 1)
            return [self.named({"residual": {"main": main, "shortcut": shortcut}})]
        if choice < 0.95:
            return [self.named({"concatenate": self.image_branches(shape, depth + 1)})]
        return [self.named({"sequence": self.image_block(shape, depth + 1)})]

    def scattered(self, extent):
        """Options of a scattering transform that makes few channels of an image as large as that."""
        options = {"J": self.rng.randint(1, 2 if extent > 3 else 1), "L": self.rng.randint(1, 3)}
        return {**options, "order": 1} if self.odds(0.3) else options

    def cells(self):
        """Cells that look for features, and those that blur them, which want numbers that are not negative."""
        simple = {"planes": self.rng.randint(1, 6), "kernel": self.size([1, 3, 5]), "padding": "same"}
        if self.odds(0.5):
            simple["selectivity"] = self.rng.choice([0.5, 1.5])
        complex_ = {"kernel": self.size([1, 3, 5]), "padding": "same"}
        if self.odds(0.5):
            complex_.update(stride=2, saturation=1, decay=0.5)
        return [self.named({"simpleCells": simple}), self.named({"complexCells": complex_})]

    def image_branches(self, shape, depth):
        first = self.image_block(shape, depth)
        target = shape_after(first, shape)
        branches = [first]
        for _ in range(self.rng.randint(1, 2)):
            if target[:2] == shape[:2] and self.odds(0.3):
                branches.append([])
            else:
                branches.append(self.reach(shape, (*target[:2], self.rng.randint(1, 4)), depth))
        self.rng.shuffle(branches)
        return branches

    # MARK: - Vectors

    def linear(self, units):
        return self.named({"linear": units} if self.odds(0.6) else {"linear": self.weighted({"units": units})})

    def vector_block(self, shape, depth):
        """A few layers from a vector to a vector of any size."""
        choice = self.rng.random()
        if "unflatten" in self.features and shape[0] >= 4 and choice < 0.1:
            image = self.image_of(shape[0])
            layers = [{"unflatten": list(image)}, self.convolution(image)]
            return layers + self.to_vector(shape_after(layers, shape), depth + 1)
        if "conv1d" in self.features and 4 <= shape[0] <= LARGEST_VECTOR and 0.1 <= choice < 0.2:
            return self.sequence_block(shape)
        if depth >= DEEPEST or choice < 0.5 or shape[0] > LARGEST_VECTOR:
            units = self.rng.randint(1, 24)
            if units > 1 and shape[0] <= LARGEST_SQUARE and self.odds(0.1):
                # Squared distances are large; what stands behind them is not to overflow.
                options = self.rng.choice([{}, {"learned": True}, {"output": "score"}])
                return [self.named({"radialBasis": {"units": units, **options}}), "layerNorm"]
            if self.odds(0.1):
                options = self.rng.choice([{}, {"hidden": "gaussian"}, {"visible": "gaussian", "chains": 4}])
                return [self.named({"rbm": {"units": units, **options} if options else units})]
            return [self.linear(units), self.pointwise(units)]
        if choice < 0.65:
            return [self.pointwise(shape[-1])]
        if choice < 0.7:
            return [self.named("flatten")]
        if choice < 0.8:
            return [self.named({"residual": self.keeping(shape, depth + 1)})]
        if choice < 0.95:
            count = self.rng.randint(2, 3)
            branches = [self.vector_block(shape, depth + 1) if self.odds(0.7) else [] for _ in range(count)]
            return [self.named({"concatenate": branches})]
        return [self.named({"sequence": self.vector_block(shape, depth + 1)})]

    def image_of(self, count):
        """An image with so many values, of several channels where that can be."""
        divisors = [n for n in range(1, min(count, MOST_CHANNELS) + 1) if count % n == 0]
        channels = self.rng.choice(divisors[1:] or divisors)
        height = self.rng.choice([n for n in range(1, count // channels + 1) if count // channels % n == 0])
        return height, count // channels // height, channels

    def to_vector(self, shape, depth):
        """Layers from an image to a vector of any size: flattened or averaged, side by side, one added to the other."""
        choice = self.rng.random()
        if depth < DEEPEST and choice < 0.3:
            branches = [self.to_vector(shape, depth + 1) for _ in range(self.rng.randint(2, 3))]
            return [self.named({"concatenate": branches})]
        if depth < DEEPEST and choice < 0.5:
            main = self.to_vector(shape, depth + 1)
            units, = shape_after(main, shape)
            if units > LARGEST_SQUARE:
                return main
            return [self.named({"residual": {"main": main, "shortcut": self.reach(shape, (units,), depth + 1)}})]
        if choice < 0.65:
            return [self.named(self.rng.choice(["globalAveragePool", "globalAveragePool", "globalMaxPool"]))]
        layers = self.image_block(shape, DEEPEST) if self.odds(0.3) else []
        while math.prod(shape_after(layers, shape)) > LARGEST_VECTOR:
            sizes = shape_after(layers, shape)[:2]
            pools = [{"maxPool": 2 if min(sizes) > 1 else [min(n, 2) for n in sizes]}]
            layers.append(self.rng.choice(pools + [{"averagePool": {"kernel": 3, "ceil": True}}] * (min(sizes) > 2)))
        layers.append(self.named("flatten"))
        if self.odds(0.3):
            units = self.rng.randint(2, 16)
            channels = shape_after(layers, shape)[-1]
            layers.append(self.rng.choice([
                lambda: self.pointwise(channels), lambda: self.normalization(channels), lambda: self.linear(units)])())
        return layers

    # MARK: - To a shape that is given

    def reach(self, shape, target, depth):
        """Layers from a shape to another."""
        if shape == target:
            return self.keeping(shape, depth)
        if len(target) == 3:
            if len(shape) == 1:
                return [self.linear(math.prod(target)), {"unflatten": list(target)}]
            return self.resized(shape, target)
        units, = target
        if len(shape) == 1:
            return [self.linear(units)]
        choice = self.rng.random()
        if choice < 0.3 and units <= 4 * MOST_CHANNELS:
            return [self.convolution(shape, units), self.named("globalAveragePool")]
        if choice < 0.4 and depth < DEEPEST:
            return [self.named({"residual": {
                "main": self.reach(shape, target, depth + 1), "shortcut": self.reach(shape, target, depth + 1)}})]
        if choice < 0.5 and depth < DEEPEST and units > 1:
            part = self.rng.randint(1, units - 1)
            return [self.named({"concatenate": [
                self.reach(shape, (part,), depth + 1), self.reach(shape, (units - part,), depth + 1)]})]
        layers = self.to_vector(shape, depth)
        return layers if shape_after(layers, shape) == target else layers + [self.linear(units)]

    def resized(self, shape, target):
        """A convolution from an image to another of a given size."""
        choices = []
        for n, aim in zip(shape[:2], target[:2]):
            fits = [fit for fit in itertools.product(range(n + aim), range(1, 6), range(1, n + 1))
                    if window_count(n, kernel=fit[1], stride=fit[2], padding=(fit[0], fit[0])) == aim]
            choices.append(self.rng.choice([fit for fit in fits if fit[0] <= fits[0][0] + 1]))
        padding, kernel, stride = (list(both) for both in zip(*choices))
        options = {"filters": target[2], "kernel": kernel, "stride": stride, "padding": padding}
        return [self.named({"conv": self.weighted(options)})]
