"""Whole configurations drawn at random: a model and how it is trained, for some steps that end in no time."""
import fnmatch
import random

from drawn_models import CLASSES, ModelDraw, values_of
from layers import Shapes

RULES = {  # the learning rates that do no harm within a few steps
    "sgd": (0.001, 0.05), "momentum": (0.001, 0.02), "nesterov": (0.001, 0.02), "adam": (1e-4, 3e-3),
    "adamw": (1e-4, 3e-3), "adamax": (1e-4, 3e-3), "rmsprop": (1e-4, 1e-3), "adagrad": (1e-3, 1e-2),
    "adadelta": (0.1, 1.0), "rprop": (1e-4, 1e-3), "lars": (0.05, 1.0), "lamb": (1e-4, 3e-3),
}


class Drawing:
    """Graph `number` of a seed: a pure function of the two and of what the program knows."""

    def __init__(self, seed, number, features):
        self.rng = random.Random(f"random-networks {seed} {number}")
        self.features = features
        # A model of one class of layers alone may have nothing to train.
        while True:
            self.keys, self.outputs = ModelDraw(self.rng, features).model()
            shapes = Shapes()
            self.shapes = values_of(self.keys["model"], shapes, {
                "image": tuple(self.keys["model"].get("input", (28, 28, 1))), "slant": (1,), "strokeWidth": (1,)})
            self.parameters = shapes.parameters
            self.weights = [name for name in shapes.parameters if name not in shapes.statistics]
            if self.weights:
                break
        assert None not in self.outputs or self.shapes[None] == (CLASSES,)
        self.draw_run()

    def odds(self, probability):
        return self.rng.random() < probability

    def draw_run(self):
        rng = self.rng
        grain = rng.randint(3, 12)
        grains = rng.randint(3, 7)
        limit = rng.randint(90, 220)
        steps = rng.randint(6, 10)
        self.resumed_step = rng.randint(1, steps - 1)
        training = self.keys
        training["data"] = {
            "name": "digits", "limit": limit, "validation": rng.choice([rng.randint(15, 50), 0.2]),
            "preprocessing": rng.choice(["none", "scaleMinusOneToOne"])}
        if self.odds(0.3):
            changes = [{"translate": 2}, "flip", {"crop": {"padding": 3}}]
            if "factor" in self.features:
                changes += [{"flip": {"alternating": True}}, {"translate": {"pixels": 2, "border": "reflect"}}]
            if "groupConv" in self.features:  # it came with it
                changes.append({"rotate": rng.choice([5, 90, 180])})
            if "pixels" in self.features:
                changes += [
                    {"colourJitter": {"brightness": 0.4, "contrast": [0.5, 1]}}, {"gaussianNoise": 0.1},
                    {"masking": 0.1}, {"saltAndPepper": 0.1}, {"scale": {"from": 0.7, "to": 1.3}}, "flipVertical",
                    {"randomResizedCrop": {"scale": [0.5, 1]}}, {"randomErasing": {"value": "random"}}]
            training["data"]["augment"] = rng.sample(changes, rng.randint(1, 2))
        training.update(batch=grain * grains - rng.randint(0, grain - 1), grain=grain, maxSteps=steps)
        training["optimizer"] = self.optimizer()
        self.freeze()
        training["schedule"] = self.schedule(steps)
        if self.odds(0.4):
            training["clipNorm"] = rng.choice([0.1, 1, 5])
        if self.odds(0.4):
            training["convolutions"] = rng.choice(["im2col", "direct", "winograd2", "winograd4", "fft"])
        if self.odds(0.5) or "onPlateau" in training["schedule"]:
            training["validation"] = {"everySteps": rng.randint(1, 4)}
        training["checkpoint"] = {"everySteps": rng.choice([1, self.resumed_step]), "keep": 20}
        training["replicaCheck"] = {"everySteps": rng.choice([0, 1, 3])}
        training["seed"] = rng.randint(0, 1 << 31)
        if self.odds(0.1):
            training["onNonFinite"] = "skip"

    def optimizer(self):
        rng = self.rng
        name = rng.choice(list(RULES))
        low, high = RULES[name]
        options = {"name": name, "learningRate": float(f"{low * (high / low) ** rng.random():.2g}")}
        hyper = {
            "sgd": {"momentum": rng.choice([0, 0.5, 0.9]), "nesterov": self.odds(0.3), "form": "deck"},
            "momentum": {"momentum": rng.choice([0.5, 0.95]), "form": "deck"},
            "nesterov": {"momentum": rng.choice([0.5, 0.95]), "form": "deck"},
            "lars": {"momentum": rng.choice([0, 0.5]), "trust": 0.01},
            "lamb": {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-5},
            "adam": {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6},
            "adamw": {"beta1": 0.95, "beta2": 0.98, "epsilon": 1e-7},
            "adamax": {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6},
            "rmsprop": {"decay": 0.9, "epsilon": 1e-6, "momentum": rng.choice([0, 0.5])}, "adagrad": {"epsilon": 1e-8},
            "adadelta": {"decay": 0.95, "epsilon": 1e-5},
            "rprop": {"decrease": 0.4, "increase": 1.1, "minimumStep": 1e-5, "maximumStep": 0.01},
        }[name]
        options.update({key: value for key, value in hyper.items() if self.odds(0.5)})
        if name == "rprop" and self.keys["batch"] != "all":
            options["miniBatches"] = True
        if self.odds(0.2):
            options["lookahead"] = {"steps": rng.randint(1, 4), "alpha": rng.choice([0.3, 0.5, 1])}
        if self.odds(0.5):
            options["weightDecay"] = rng.choice([1e-4, 1e-2])
        if self.odds(0.4):
            options["groups"] = [{"match": self.pattern(), **rng.choice([
                {"weightDecay": 0}, {"weightDecay": 0.05}, {"learningRateFactor": 0.3},
                {"learningRateFactor": 2, "weightDecay": 0}])}]
        return options

    def pattern(self):
        """A pattern that some weights have."""
        name = self.rng.choice(self.weights)
        parts = name.split(".")
        return self.rng.choice([name, "*." + parts[-1], ".".join(parts[:-1]) + ".*", parts[0] + ".*", "?" + name[1:]])

    def freeze(self):
        """Takes some parts out of training, in one way or the other."""
        if not self.odds(0.35):
            return
        patterns = [self.pattern() for _ in range(self.rng.randint(1, 2))]
        if len(matching(self.weights, patterns)) == len(self.weights):
            return
        if "freeze" in self.features and self.odds(0.7):
            self.keys["freeze"] = patterns
        else:
            group = {"match": patterns, "learningRateFactor": 0}
            self.keys["optimizer"]["groups"] = [group] + self.keys["optimizer"].get("groups", [])

    def frozen(self):
        """The names of the parameters that nothing changes."""
        frozen = matching(self.parameters, self.keys.get("freeze", []))
        for group in self.keys["optimizer"].get("groups", []):
            if group.get("learningRateFactor") == 0:
                frozen += matching(self.weights, group["match"])
        return frozen

    def schedule(self, steps):
        rng = self.rng
        data = self.keys["data"]
        training = data["limit"] - (
            data["validation"] if isinstance(data["validation"], int) else int(data["limit"] * data["validation"] + 0.5))
        epoch = -(-training // self.keys["batch"])  # steps
        epochs = (steps - 1) // epoch  # whole ones before the last step
        several = [{"step": {"everyEpochs": 1, "factor": 0.3}}, {"step": {"atEpochs": [1], "factor": 0.2}}]
        if epochs >= 2:
            several.append({"step": {"atEpochs": [1, 2], "factor": 0.2}})
        rule = rng.choice([
            "constant", "constant", "cosine", {"cosine": {"minimumRate": 1e-5}}, {"polynomial": {"power": 2}},
            {"step": {"everySteps": 3, "factor": 0.5}}, *(several if epochs >= 1 else []),
            {"triangular": {"base": 1e-5, "halfCycleSteps": rng.randint(1, steps // 2)}},
            {"triangular": {"base": 0, "halfCycleSteps": 2, "mode": "triangular2"}},
            {"triangular": {"base": 0, "halfCycleSteps": 1, "mode": "exponential", "gamma": 0.9}},
            "oneCycle", {"oneCycle": {"rise": 0.4, "initialFactor": 0.1}},
            {"onPlateau": {"factor": 0.5, "patience": 1, "rollback": True, "monitor": "valLoss"}},
            {"onPlateau": {"factor": 0.7, "cooldown": 1, "rollback": self.odds(0.5), "monitor": "valError"}}])
        if "onPlateau" in rule and "losses" in self.keys and "metrics" not in self.keys:
            rule["onPlateau"]["monitor"] = "valLoss"  # without accuracy there is no error
        has_rise = any(name == rule or name in rule for name in ("oneCycle", "triangular"))
        longest = steps - 1 - last_change(rule, epoch)
        if has_rise or longest < 1 or not self.odds(0.3):
            return rule
        rule = {rule: {}} if isinstance(rule, str) else rule
        return {"warmup": {"steps": rng.randint(1, longest), "from": rng.choice([0, 0.1])}, **rule}


def last_change(rule, epoch):
    """Steps before the last change of a schedule that must happen within the run; 0 for other schedules."""
    changes = rule.get("step", {}) if isinstance(rule, dict) else {}
    return max(changes.get("everySteps", 0), changes.get("everyEpochs", 0) * epoch,
               max(changes.get("atEpochs", [0])) * epoch)


def matching(names, patterns):
    """The names that some of the shell patterns stand for."""
    return [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


# MARK: - As YAML


def flow(value):
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if value.replace("-", "").isalnum() else f"'{value}'"
    return str(value)


def yaml(keys):
    """A configuration as text, a layer a line."""
    lines = []
    for key, value in keys.items():
        if key == "model":
            lines.append("model:")
            lines += [f"  {name}: {flow(entry)}" for name, entry in value.items() if name != "layers"]
            lines += ["  layers:"] + [f"    - {flow(layer)}" for layer in value["layers"]]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"
