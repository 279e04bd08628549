"""Experiments on what layers do: weights set by hand, equal ones, gradients by depth, shifts, memory."""
from laboratory import experiment, mean, percent, tables

GATES = {
    "AND": ("gate", ()),
    "OR": ("gate", ("data.function=or", "model.layers.0.linear.initializer.bias=[-0.5]")),
    "NAND, NOT behind AND": (
        "gates", ("data.function=nand", "model.layers.2.linear.initializer={values: [[0, -1]], bias: [0.5]}")),
    "NOR, NOT behind OR": (
        "gates", ("data.function=nor", "model.layers.2.linear.initializer={values: [[-1, 0]], bias: [0.5]}")),
    "XOR": ("gates", ()),
}


@experiment("gates")
def gates(bench):
    """Units with fixed weights are AND, OR and NOT, and three of them XOR (O9)."""
    runs = bench.trainings({name: (config, settings) for name, (config, settings) in GATES.items()})
    # Compares what `evaluate` says of the four cases with the truth table: 3 of 4 right is a failure.
    accuracies = {name: run.evaluate()["accuracy"] for name, run in runs.items()}
    for name, accuracy in accuracies.items():
        bench.check(f"hand-set {name}: {4 * accuracy:.0f} of 4 cases right", accuracy == 1)
    # The same weights on another table: the check above can tell.
    wrong = bench.train("gate", "data.function=or").evaluate()["accuracy"]
    bench.check(f"the weights of AND are not OR: {4 * wrong:.0f} of 4 cases right", wrong == 0.5)


@experiment("symmetry")
def symmetry(bench):
    """Hidden units that begin equal stay equal, and learn as one (O9)."""
    drawn = "model.layers.1.linear.initializer=xavierUniform"
    runs = bench.trainings({"equal": ("symmetry", ()), "drawn": ("symmetry", (drawn,))})

    def different(run):
        held = run.weights()
        units, inputs = held.shapes["hidden.weight"]
        content, width = held.bytes("hidden.weight"), 4 * inputs
        return len({content[i * width:(i + 1) * width] for i in range(units)}), units

    # Compares the bits of the hidden units' weights after 100 steps.
    for name, wanted in (("equal", 1), ("drawn", 32)):
        rows, units = different(runs[name])
        bench.check(f"{name} first weights: {rows} different of {units} units after 100 steps", rows == wanted)
    equal, drawn = (runs[name].last("valAccuracy") for name in ("equal", "drawn"))
    bench.check(f"validation accuracy {percent(equal)} of equal weights, {percent(drawn)} of drawn ones", equal < drawn - 0.3)


@experiment("gradients-by-depth")
def gradients_by_depth(bench):
    """Through 20 layers the gradient vanishes with sigmoids, not with ReLUs or skips (O10)."""
    for seed in (1, 2):
        run = bench.train("gradients-by-depth", f"seed={seed}")
        _, found = run.look("gradients", "--split", "train")
        norms = {row[0]: float(row[1]) for row in found[0][1:]}
        # Compares the gradient at the first layer's values with that at the last one's. Sigmoids of slope 1/4 at most
        # lose a factor of about 4 a layer, 1e12 in all.
        for stack, last, holds in (
                ("sigmoid", "sigmoid.3.4.1", lambda ratio: ratio < 1e-9),
                ("relu", "relu.3.4.1", lambda ratio: 0.03 < ratio < 30),
                ("skip", "skip.3.4", lambda ratio: 0.1 < ratio < 10)):
            reader = {"sigmoid": "read1", "relu": "read2", "skip": "read3"}[stack]
            ratio = norms[reader] / norms[last]
            bench.check(f"{stack} × 20, seed {seed}: the gradient at the first layer is {ratio:.2g} of that at the last", holds(ratio))


@experiment("translation")
def translation(bench):
    """A convolutional net keeps its answers under shifts that change an MLP's (O13)."""
    runs = bench.trainings({
        "convolutions": ("translation", ()), "LeNet-5": ("translation", ("model=lenet5",)),
        "MLP": ("translation", ("model={name: mlp, hidden: [128]}",))})
    kept = {}
    for name, run in runs.items():
        node = ("--node", "maps1") if name == "convolutions" else ()
        said, found = run.look("invariance", "--reach", "3", "--step", "1", *node)
        # The second table: the share of answers that stay, rows by shifts down and columns by shifts to the right.
        table = {(int(row[0]), int(column)): float(value) for row in found[1][1:] for column, value in zip(found[1][0][1:], row[1:])}
        kept[name] = {far: mean(table[shift] for shift in ((far, 0), (-far, 0), (0, far), (0, -far))) for far in (1, 2, 3)}
        if node:
            # Compares the maps of shifted pictures with shifted maps: what a convolution does alike everywhere.
            error = said["shiftError"]
            bench.check(f"the first maps follow the picture: shift error {error:.2g}", error < 1e-5)
    for far in (2, 3):
        texts = ", ".join(f"{name} {percent(kept[name][far])}" for name in kept)
        # Compares how many answers stay under shifts of two, and of three, pixels along an axis; nothing was shifted in training.
        ours, lenet, theirs = (kept[name][far] for name in ("convolutions", "LeNet-5", "MLP"))
        bench.check(f"answers that stay under a shift of {far} pixels: {texts}", ours >= 0.95 and theirs < 0.75 and lenet > theirs + 0.15)


@experiment("memory")
def memory(bench):
    """A recurrent net remembers about ten steps, an LSTM many (O19)."""
    lags = (5, 10, 30)
    runs = bench.trainings({
        (cell, lag): (f"recall-{cell}", (f"data.lag={lag}", f"model.input=[{lag + 1}]"))
        for cell in ("rnn", "lstm") for lag in lags})
    known = {key: run.last("valAccuracy") for key, run in runs.items()}
    # Compares the accuracy with chance, 25 %: the class is the first of LAG + 1 symbols.
    for lag in lags:
        rnn, lstm = known["rnn", lag], known["lstm", lag]
        holds = lstm > 0.99 and (rnn > 0.99 if lag <= 10 else rnn < 0.4)
        bench.check(f"{lag} steps later the RNN knows {percent(rnn)}, the LSTM {percent(lstm)}", holds)
    grows = ("model.layers.1.rnn.activation=identity", "model.layers.1.rnn.stateScale=1.5")
    runs = bench.trainings({
        name: ("vanishing-gradient", ("maxSteps=2", *more)) for name, more in (("shrinks", ()), ("grows", grows))})
    ratios = {}
    for name, run in runs.items():
        _, found = run.look("gradients", "--split", "train")
        steps = found[2][1:]
        ratios[name] = [float(steps[0][column]) / float(steps[-1][column]) for column in (1, 2)]
    # Compares the gradient at the first of 41 steps with that at the last, of weights that have hardly been trained.
    (shrinks, kept), (grown, _) = ratios["shrinks"], ratios["grows"]
    bench.check(
        f"over 40 steps the gradient of the RNN becomes {shrinks:.2g} times as large, with large weights and no tanh "
        f"{grown:.2g} times, that of the LSTM {kept:.2g} times", shrinks < 1e-6 and grown > 1e3 and kept > 1e-3)


@experiment("descent")
def descent(bench):
    """Adadelta and the others with memory leave a saddle long before SGD (O12)."""
    left = {}
    for steps in (25, 50, 100, 200, 400, 800):
        page = bench.folder / "descent.html"
        bench.command("look", "descent", "--function", "saddle", "--steps", steps, "--out", page)
        for row in tables(page.read_text())[0][1:]:
            if abs(float(row[4])) > 1:
                left.setdefault(row[0], steps)
    texts = ", ".join(f"{rule} {steps}" for rule, steps in sorted(left.items(), key=lambda item: item[1]))
    # Compares after how many steps (of 25, 50, … 800) a rule that began 1e-3 off the saddle's axis is further than 1 from it.
    bench.check(f"steps until a rule has left the saddle, at most: {texts}", all(left[rule] < left["sgd"] for rule in left if rule != "sgd"))
