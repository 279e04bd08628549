"""Convolutions of all kinds drawn at random: of images, transposed, over the steps of sequences."""
import math

from layers import pair, shape_after

LARGEST_VECTOR = 900  # of one flattened image
MOST_CHANNELS = 12


class ConvolutionDraw:
    """Draws convolutions, for a class that draws everything else."""

    def convolution(self, shape, filters=None, keeps=False):
        height, width, channels = shape
        groups = 1
        if self.odds(0.4):
            common = math.gcd(channels, filters or channels)
            groups = self.rng.choice([n for n in range(1, common + 1) if common % n == 0])
        filters = filters or groups * self.rng.randint(1, max(1, MOST_CHANNELS // 2 // groups))
        for _ in range(50):
            options = {"filters": filters, "kernel": self.size([1, 2, 3, 3, 3, 4, 5, 7])}
            dilation = self.size([2, 3]) if self.odds(0.2) else 1
            if keeps:
                reach = [d * (k - 1) for d, k in zip(pair(dilation), pair(options["kernel"]))]
                is_even = all(r % 2 == 0 for r in reach)
                options["padding"] = [r // 2 for r in reach] if is_even and self.odds(0.5) else "same"
            else:
                options["padding"] = self.rng.choice(["same", 0, self.size([0, 1, 2]), self.size([1, 2, 3])])
                options["stride"] = self.size([1, 1, 2, 2, 3])
            options["dilation"] = dilation
            if options["padding"] and "circular" in self.features and self.odds(0.2):
                options["paddingMode"] = "circular"
            after = shape_after([{"conv": options}], shape)
            if min(after) > 0:
                return self.finished(options, groups, channels, after)
        return self.finished({"filters": filters, "kernel": 1}, groups, channels)

    def finished(self, options, groups, channels, after=None):
        """A convolution without the options that have their default value, and with those that change no shape."""
        defaults = {"padding": 0, "stride": 1, "dilation": 1}
        options = {key: value for key, value in options.items() if defaults.get(key) != value}
        if groups > 1:
            options["groups"] = groups
        if "local" in self.features and after and math.prod(after) <= LARGEST_VECTOR and self.odds(0.2):
            options.pop("paddingMode", None)
            return self.named({"local": self.weighted(options)})
        if groups == 1 and channels > 1 and "connections" in self.features and self.odds(0.2):
            options["connections"] = [
                self.rng.sample(range(channels), self.rng.randint(1, channels)) for _ in range(options["filters"])]
        if "flip" in self.features and self.odds(0.15):
            options["flip"] = True
        self.weighted(options)
        if "factor" in self.features and "connections" not in options and self.odds(0.1):  # it came with it
            options["initializer"] = "identity"
        return self.named({"conv": options})

    def group_block(self, shape):
        """Layers over a group of symmetries from an image to an image, as one, so that no other is drawn among them."""
        group = self.rng.choice(["p4", "p4m"])
        layers = []
        for _ in range(self.rng.randint(1, 3)):
            layers.append(self.named({"groupConv": self.group_convolution(group, shape_after(layers, shape))}))
            if self.odds(0.5):
                layers.append(self.named(self.rng.choice([
                    self.activation, lambda: self.rng.choice(["batchNorm", "scale", {"dropout": 0.2}])])()))
            height, width, *_ = shape_after(layers, shape)
            fits = [(k, s) for k in (2, 3) for s in (1, 2)
                    if min(height, width) >= k and (height - k) % s == (width - k) % s == 0]
            if fits and self.odds(0.3):
                kernel, stride = self.rng.choice(fits)
                kind = self.rng.choice(["maxPool", "averagePool"])
                layers.append(self.named({kind: {"kernel": kernel, "stride": stride}}))
        layers.append(self.named(self.rng.choice(["groupPool", {"groupPool": "mean"}])))
        return [self.named({"sequence": layers})]

    def group_convolution(self, group, shape):
        """Whose windows lie alike on the turned image."""
        height, width = shape[:2]
        options = {"group": group, "filters": self.rng.randint(1, 3)}
        fits = [
            (k, p, s) for k in (1, 2, 3, 3, 4, 5) for p in (0, 1, 2) for s in (1, 1, 2, 3)
            if min(height, width) + 2 * p >= k and all((n + 2 * p - k) % s == 0 for n in (height, width))]
        options["kernel"], padding, stride = self.rng.choice(fits)
        if stride > 1:
            options["stride"] = stride
        if options["kernel"] % 2 == 1 and stride == 1 and self.odds(0.3):
            options["padding"] = "same"
        elif padding:
            options["padding"] = padding
        return self.weighted(options)

    def given(self, shape):
        """A layer with a kernel that is not learned."""
        options = {"kernel": self.rng.choice(["identity", "gaussian", "edge", "sharpen"])}
        if self.odds(0.3):
            width = self.rng.randint(1, min(4, shape[1]))
            rows = self.rng.randint(1, min(3, shape[0]))
            options = {"values": [[self.rng.randint(-8, 8) / 8 for _ in range(width)] for _ in range(rows)]}
        elif self.odds(0.3) and min(shape[:2]) >= 3:
            return self.named({"imageKernel": options["kernel"]})
        options["padding"] = self.rng.choice(["same", 1, [1, 2]])
        if self.odds(0.3):
            options["paddingMode"] = "circular"
        return self.named({"imageKernel": options})

    def enlarged(self, shape):
        """A layer to a larger image, of not too many values."""
        height, width, channels = shape
        if self.odds(0.4):
            options = {"factor": self.size([1, 2, 2, 3]), "mode": self.rng.choice(["nearest", "bilinear"])}
            return self.named({"upsample": options["factor"] if self.odds(0.3) else options})
        groups = self.rng.choice([n for n in range(1, channels + 1) if channels % n == 0])
        options = {
            "filters": groups * self.rng.randint(1, max(1, MOST_CHANNELS // 3 // groups)),
            "kernel": self.size([1, 2, 3, 4, 4, 5]), "stride": self.size([1, 2, 2, 3])}
        if self.odds(0.3):
            options["dilation"] = self.size([1, 2])
        if self.odds(0.6):
            reach = [d * (k - 1) for d, k in zip(pair(options.get("dilation", 1)), pair(options["kernel"]))]
            options["padding"] = [self.rng.randint(0, r // 2) for r in reach]
        if self.odds(0.5):
            options["outputPadding"] = [self.rng.randrange(s) for s in pair(options["stride"])]
        if groups > 1:
            options["groups"] = groups
        return self.named({"convTranspose": self.weighted(options)})

    # MARK: - Sequences

    def sequence_block(self, shape):
        """Layers from a vector through a sequence to a vector."""
        steps = self.rng.choice([n for n in range(1, shape[0] + 1) if shape[0] % n == 0 and shape[0] // n <= 48])
        layers = [{"unflatten": [steps, shape[0] // steps]}]
        for _ in range(self.rng.randint(1, 3)):
            after = shape_after(layers, shape)
            if self.odds(0.2) and math.prod(after) <= LARGEST_VECTOR // 2:
                layers.append(self.named({"upsample": self.rng.randint(1, 3)}))
            elif "recurrent" in self.features and after[0] <= 60 and self.odds(0.25):
                layers.append(self.recurrent())
            elif "gatedResidual" in self.features and self.odds(0.3):
                layers.append(self.gated_block(after))
            else:
                layers.append(self.time_convolution(after))
            channels = shape_after(layers, shape)[-1]
            if "gatedResidual" in self.features and channels % 2 == 0 and channels > 2 and self.odds(0.15):
                layers.append(self.named("gate"))
            if self.odds(0.5):
                layers.append(self.pointwise(shape_after(layers, shape)[-1]))
        # As one layer, so that no other is drawn for a sequence.
        end = self.rng.choice(["flatten", "flatten", "globalAveragePool", "globalMaxPool"])
        if "recurrent" in self.features and self.odds(0.2):
            end = self.recurrent(returns="last")
        return [self.named({"sequence": layers + [self.named(end)]})]

    def recurrent(self, **options):
        options = {"units": self.rng.choice([1, 3, 8, 16, 17]), **options}
        for key, choices in {"layers": [1, 1, 2], "bidirectional": [False, False, True],
                             "bias": ["two", "two", "one", "none"]}.items():
            choice = self.rng.choice(choices)
            if choice != choices[0]:
                options[key] = choice
        kind = self.rng.choice(["rnn", "lstm", "gru"])
        if kind == "rnn" and self.odds(0.3):
            options["activation"] = "relu"
        return {kind: options}

    def time_convolution(self, shape):
        steps, channels = shape
        groups = self.rng.choice([n for n in range(1, channels + 1) if channels % n == 0]) if self.odds(0.4) else 1
        groups = groups if groups <= MOST_CHANNELS else 1
        options = {
            "filters": groups * self.rng.randint(1, max(1, MOST_CHANNELS // 2 // groups)),
            "kernel": self.rng.randint(1, 5), "padding": self.rng.choice(["same", "causal", "causal", 1, 2]),
            "stride": self.rng.choice([1, 1, 2, 3]), "dilation": self.rng.choice([1, 1, 2, 4])}
        if shape_after([{"conv1d": options}], shape)[0] < 1:
            options["padding"] = "causal"
        if groups > 1:
            options["groups"] = groups
        return self.named({"conv1d": self.weighted(options)})

    def gated_block(self, shape):
        """Of whole vectors of channels now and then, for which there are other kernels."""
        options = {"kernel": self.rng.choice([1, 2, 2, 3]), "dilation": self.rng.choice([1, 2, 4, 16])}
        if self.odds(0.5):
            options["channels"] = self.rng.choice([1, 3, 16])
        if self.odds(0.3):
            options["padding"] = "same"
        if self.odds(0.2):
            options["bias"] = False
        if self.odds(0.3):
            options.update(skip=self.rng.randint(1, 8), residual=False)
        return self.named({"gatedResidual": options})

    def weighted(self, options):
        if self.odds(0.25):
            options["bias"] = False
        if self.odds(0.25):
            options["initializer"] = self.rng.choice(
                ["xavierUniform", "xavierNormal", "heUniform", {"uniformFanIn": 2}, {"normalFanIn": 1},
                 {"normal": 0.1, **({"bias": 0.5} if options.get("bias", True) else {})}])
        return options
