"""Models drawn at random: lists of layers, and graphs with several inputs and outputs where the program knows them."""
from drawn_layers import DEEPEST, LayerDraw
from layers import Shapes, Walk, kind_of, shape_after

IMAGE = (28, 28, 1)
CLASSES = 10
# The numbers that the drawn digits have beside the image and the class.
NUMBERS = ["slant", "strokeWidth"]
SHAREABLE = [
    "conv", "convTranspose", "linear", "batchNorm", "layerNorm", "groupNorm", "scale", "residual", "sequence",
    "concatenate"]
# Layers that make shares of one of scores.
SHARES = ["sigmoid", "softmax", "logSoftmax"]
# What a model may put out: the field that it is compared with, and how many values it has.
OUTPUTS = {"digit": ("label", CLASSES), "second": ("label", CLASSES), "tilt": ("slant", 1), "width": ("strokeWidth", 1)}


class ModelDraw(LayerDraw):
    """Draws a model for the drawn digits, and what it is trained for."""

    def model(self):
        """The keys `model` and `loss` or `losses`; and the names of the outputs, [None] for the last layer."""
        if "from" not in self.features or self.odds(0.35):
            model, loss = self.plain()
            return {"model": model, "loss": loss}, [None]
        return self.graph()

    # MARK: - Lists of layers

    def plain(self):
        loss, tail = self.loss()
        shape = (784,) if self.odds(0.05) else IMAGE
        layers, after = [], shape
        if shape == IMAGE:
            for _ in range(self.rng.randint(1, 3)):
                layers += self.image_block(after, 0)
                after = shape_after(layers, shape)
            if self.odds(0.85):
                layers += self.to_vector(after, 0)
                after = shape_after(layers, shape)
        if len(after) == 1:
            for _ in range(self.rng.randint(0, 3)):
                layers += self.vector_block(after, 0)
                after = shape_after(layers, shape)
        layers += self.reach(after, (CLASSES,), 0) if after != (CLASSES,) else []
        layers = self.with_tail(layers, tail, loss)
        if self.draws_head():
            place = self.rng.randint(1, len(layers))
            head = self.auxiliary(shape_after(layers[:place], shape), tail, loss)
            layers.insert(place, {"name": self.new_name(), **head})
        return {"input": list(shape), "layers": layers}, loss

    def draws_head(self):
        return "auxiliary" in self.features and self.odds(0.2)

    def auxiliary(self, shape, tail, loss):
        """A head on a value of that shape, which takes the loss of the model's result."""
        layers = self.with_tail(self.reach(shape, (CLASSES,), 1), tail, loss)
        return {"auxiliary": self.rng.choice([0.3, 1]), "sequence": layers}

    def with_tail(self, layers, tail, loss):
        """Layers with those behind them that the loss needs; a loss of scores does not take shares of one for them."""
        is_of_scores = kind_of(loss)[0] not in ["mse", "l1", "halfSquare", "sumSquares"]
        if is_of_scores and last_kind(layers) in SHARES:
            layers = layers + [self.linear(CLASSES)]
        return layers + tail

    def loss(self):
        """What the outputs for the classes are trained with, and the layers that it needs behind them."""
        loss, tail = self.plain_loss()
        if "classWeights" not in self.features:
            return loss, tail
        kind, options = (loss, {}) if isinstance(loss, str) else next(iter(loss.items()))
        options = dict(options)
        if kind == "crossEntropy":
            # Probabilities that the loss computes from the logits before them.
            tail = self.rng.choice([[], [], ["softmax"], ["logSoftmax"]])
            if self.odds(0.25):
                options["fromLogits"] = not tail
            if self.odds(0.25):
                options["classWeights"] = self.rng.choice([
                    "balanced", [self.rng.choice([0, 0.5, 1, 3]) for _ in range(CLASSES - 1)] + [1], {"3": 2, "7": 0.25}])
        if kind == "binaryCrossEntropy" and "fromLogits" not in options and self.odds(0.3):
            tail = ["sigmoid"]
        if self.odds(0.15):
            options["sampleWeights"] = "strokeWidth"
        return ({kind: options} if options else kind), tail

    def plain_loss(self):
        """One that every program knows."""
        choice = self.rng.random()
        if choice < 0.35:
            return "crossEntropy", []
        if choice < 0.48:
            return {"crossEntropy": {"labelSmoothing": 0.1}}, []
        if choice < 0.62:
            return "mse", self.rng.choice([[], [], ["sigmoid"], ["softmax"], ["tanh"]])
        if choice < 0.74:
            differences = self.rng.choice(["l1", "halfSquare", "sumSquares"])
            return differences, self.rng.choice([[], ["sigmoid"], ["softmax"], ["tanh"]])
        if choice < 0.82:
            return self.rng.choice(["maxMargin", {"maxMargin": {"margin": 0.5}}]), []
        if choice < 0.93:
            return "binaryCrossEntropy", []
        return {"binaryCrossEntropy": {"fromLogits": False}}, [self.rng.choice(["sigmoid", "softmax"])]

    # MARK: - Graphs

    def graph(self):
        self.nodes, self.shapes, self.sources, self.unused = [], {"image": IMAGE}, {}, ["image"]
        # The input of a model that has one need not have a name; then only the first layer begins at it.
        self.names_inputs = "inputs" in self.features and self.odds(0.6)
        if self.names_inputs and self.odds(0.5):
            for number in self.rng.sample(NUMBERS, self.rng.randint(1, 2)):
                self.shapes[number] = (1,)
                self.unused.append(number)
        inputs = dict(self.shapes)
        self.last = None if self.names_inputs else "image"
        self.extend("image", self.image_block(IMAGE, 0))
        for _ in range(self.rng.randint(2, 4)):
            self.rng.choice([self.grow, self.grow, self.fork, self.fork] + [self.share] * ("share" in self.features))()
        keys, outputs = self.heads()
        given = {"input": list(IMAGE)}
        if self.names_inputs:
            given = {"inputs": {name: list(shape) for name, shape in inputs.items()}}
        return {"model": {**given, "layers": self.nodes}, **keys}, outputs

    def extend(self, source, layers, name=None):
        """Adds layers behind a node, one after another or as one; the name of the last."""
        if len(layers) > 1 and self.odds(0.25):
            layers = [{"sequence": layers}]
        for number, layer in enumerate(layers):
            layer = {layer: {}} if isinstance(layer, str) else dict(layer)
            is_last = number == len(layers) - 1
            drawn_name = layer.pop("name", None) or (self.new_name() if is_last or self.odds(0.5) else None)
            its_name = name if is_last and name else drawn_name
            source = self.append(its_name, [source], layer, shape_after([layer], self.shapes[source]))
        return source

    def append(self, name, sources, layer, shape):
        """Adds a node; its name, or a number for a node without one."""
        node = {"name": name} if name else {}
        can_name = all(source in self.named_nodes() for source in sources)
        if can_name and (sources != [self.last] or self.odds(0.1)):
            node["from"] = sources[0] if len(sources) == 1 else sources
        self.nodes.append({**node, **layer})
        self.unused = [other for other in self.unused if other not in sources]
        self.last = name or len(self.nodes) - 1
        self.shapes[self.last] = shape
        self.sources[self.last] = sources
        if name:
            self.unused.append(name)
        return self.last

    def named_nodes(self, shape=None):
        """The nodes that others may begin at."""
        return [
            name for name, its in self.shapes.items() if isinstance(name, str) and shape in (None, its)
            and (name != "image" or self.names_inputs)]

    def grow(self):
        source = self.rng.choice(self.unused)
        shape = self.shapes[source]
        if len(shape) == 1:
            self.extend(source, self.vector_block(shape, 1))
        else:
            self.extend(source, self.to_vector(shape, 1) if self.odds(0.3) else self.image_block(shape, 1))

    def fork(self):
        """Two nodes brought to one size, by layers behind the other, and added or joined."""
        one, other = self.rng.choice(self.unused), self.rng.choice(self.named_nodes())
        shape = self.shapes[one]
        if shape == IMAGE or len(shape) == 1 and self.shapes[one][0] > 200 or len(self.shapes[other]) < len(shape):
            return self.grow()
        joins = self.odds(0.5)
        target = (*shape[:-1], self.rng.randint(1, 6)) if joins else shape
        if self.shapes[other] != target or other == one:
            other = self.extend(other, self.reach(self.shapes[other], target, 1))
        sums = ["add", "multiply"] if "gatedResidual" in self.features else ["add"]
        if "normalSample" in self.features:
            sums.append("normalSample")
        kind = "concatenate" if joins else self.rng.choice(sums)
        if kind == "normalSample":
            other = self.extend(other, ["tanh"])  # of e to its power training soon has no number left
        self.join([one, other], kind)

    def join(self, sources, kind):
        shapes = [self.shapes[source] for source in sources]
        return self.append(self.new_name(), sources, {kind: {}}, getattr(Shapes(), kind)("", shapes))

    def share(self):
        """A layer or a sequence of layers once more behind another node of the same size, and both outputs together."""
        candidates = [
            node["name"] for node in self.nodes if "name" in node and kind_of(node)[0] in SHAREABLE
            and len(self.sources[node["name"]]) == 1 and self.sources[node["name"]][0] in self.named_nodes()]
        if not candidates:
            return self.grow()
        first = self.rng.choice(candidates)
        source, = self.sources[first]
        others = [name for name in self.named_nodes(self.shapes[source]) if name != source]
        if not others or self.odds(0.5):
            others = [self.extend(source, self.keeping(self.shapes[source], DEEPEST))]
        twin = self.append(self.new_name(), [self.rng.choice(others)], {"share": first}, self.shapes[first])
        return self.join([first, twin], self.rng.choice(["add", "concatenate"]))

    def heads(self):
        """Outputs for one or several fields, behind all that is not used otherwise: the losses, the outputs' names."""
        ends = [
            self.extend(name, self.to_vector(self.shapes[name], 1)) if len(self.shapes[name]) == 3 else name
            for name in list(self.unused)]
        trunk = self.join(ends, "concatenate") if len(ends) > 1 else ends[0]
        loss, tail = self.loss()
        if "losses" not in self.features or self.odds(0.3):
            self.extend(trunk, self.with_tail(self.reach(self.shapes[trunk], (CLASSES,), 1), tail, loss))
            if self.draws_head():
                source = self.rng.choice(self.named_nodes())
                self.append(self.new_name(), [source], self.auxiliary(self.shapes[source], tail, loss), (CLASSES,))
            return {"loss": loss}, [None]
        chosen = ["digit"] + self.rng.sample(["tilt", "width", "second"], self.rng.randint(0, 3))
        losses, metrics = [], {}
        for number, name in enumerate(chosen):
            field, units = OUTPUTS[name]
            source = trunk if number == 0 or self.odds(0.6) else self.rng.choice(self.named_nodes())
            term, tail = self.loss() if units == CLASSES else (self.rng.choice(["mse", "mse", "l1"]), [])
            layers = self.reach(self.shapes[source], (units,), 1)
            self.extend(source, self.with_tail(layers, tail, term) if units == CLASSES else layers + tail, name)
            kind, options = (term, {}) if isinstance(term, str) else next(iter(term.items()))
            losses.append({kind: {"of": name, "target": field, **options}, "weight": self.rng.choice([0.3, 1, 2])})
            metrics.setdefault("accuracy" if units == CLASSES else "mae", {"of": name})
        if "classWeights" in self.features:
            metrics["f1"] = {"of": "digit", "average": "macro"}
            if self.odds(0.2):
                losses.append(self.divergence())
        keys = {"losses": losses}
        if self.odds(0.6):
            keys["metrics"] = [{kind: options} for kind, options in metrics.items()]
        return keys, chosen


    def divergence(self):
        """A term of two more layers that has no target."""
        vectors = [name for name in self.named_nodes() if len(self.shapes[name]) == 1]
        source = self.rng.choice(vectors)
        self.extend(source, [{"linear": 3}], "mean")
        self.extend(source, [{"linear": 3}, "tanh"], "spread")  # whose exponential stays small
        return {"gaussianKL": {"of": "mean", "logVariance": "spread"}, "weight": 0.1}


def last_kind(layers):
    """The kind of the layer that a list ends with, also within lists; none of an empty one."""
    if not layers:
        return None
    kind, options = kind_of(layers[-1])
    return last_kind(layers[-1]["sequence"]) if kind == "sequence" else kind


def values_of(model, algebra, inputs):
    """What an algebra makes of each node of a model; `inputs` are the values of its inputs by name."""
    if "inputs" not in model:
        inputs = {None: inputs["image"], "image": inputs["image"]}
    return Walk(algebra).model(model, inputs)
