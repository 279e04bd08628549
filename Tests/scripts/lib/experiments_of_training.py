"""Experiments on how nets are trained: depth, activations, dropout, normalisation, losses, first weights, the batch."""
import math

from laboratory import experiment, mean, numbers, percent, shares

SEEDS = (1, 2, 3)


@experiment("depth")
def depth(bench):
    """More layers make a plain net's training error larger; skips undo that (O10)."""
    nets = ("plain56", "resnet56", "plain20", "resnet20")
    runs = bench.trainings({net: ("depth", (f"model={net}",)) for net in nets})
    errors = {net: run.training_error() for net, run in runs.items()}
    # Compares errors on the training samples in evaluation mode, with running statistics: no overfitting is in them.
    bench.check(
        f"training error {percent(errors['plain56'])} of plain-56, {percent(errors['plain20'])} of plain-20",
        errors["plain56"] > errors["plain20"] + 0.1)
    bench.check(
        f"training error {percent(errors['resnet56'])} of residual-56, {percent(errors['resnet20'])} of residual-20",
        errors["resnet56"] < errors["plain56"] - 0.3 and errors["resnet20"] < errors["plain20"])


@experiment("relu")
def relu(bench):
    """ReLU reaches a training error of 25 % in a third of tanh's epochs or less (O10)."""
    # Each has the best of the rates 0.0003, 0.001, 0.003 and 0.003, 0.01, 0.03 after 30 epochs.
    fast = bench.train("relu", "optimizer.learningRate=0.001")
    epochs = fast.first("trainAccuracy", lambda accuracy: accuracy >= 0.75, by="epoch")
    if math.isinf(epochs):
        return bench.check(f"ReLU: no training error of 25 % within {fast.last('epoch'):g} epochs", False)
    more = math.ceil(3 * epochs)
    slow = bench.train("relu", "optimizer.learningRate=0.01", f"epochs={more}", ACTIVATION="tanh")
    error = 1 - max(accuracy for _, accuracy in slow.series("trainAccuracy"))
    # Compares tanh's smallest error, of half an epoch, in three times the epochs with the 25 % that ReLU has reached.
    bench.check(
        f"ReLU reaches a training error of 25 % in {epochs:.3g} epochs, tanh in {more} no less than {percent(error)}", error > 0.25)


@experiment("dropout")
def dropout(bench):
    """Dropout narrows the gap and costs steps; the scaled net stands for the mean of many (O10, O11)."""
    without = "model.dropout=0"
    runs = bench.trainings({
        (name, seed): ("dropout", (f"seed={seed}", *more))
        for seed in SEEDS for name, more in (("with", ()), ("without", (without,)))})
    kinds = ("with", "without")
    gap, loss, epochs = {}, {}, {}
    for kind in kinds:
        mine = [runs[kind, seed] for seed in SEEDS]
        # The error of training samples in evaluation mode, in which dropout does nothing.
        gap[kind] = [1 - run.last("valAccuracy") - run.training_error() for run in mine]
        loss[kind] = [run.last("valLoss") for run in mine]
        epochs[kind] = [first_epoch(run.checkpoints, 0.10) for run in mine]
    # Each compares the means of three seeds, after as many epochs.
    bench.check(
        f"validation error above training error: {shares(gap['with'])} with dropout, {shares(gap['without'])} without",
        mean(gap["with"]) < mean(gap["without"]) - 0.015)
    bench.check(
        f"validation loss at the end: {numbers(loss['with'])} with dropout, {numbers(loss['without'])} without",
        mean(loss["with"]) < 0.9 * mean(loss["without"]))
    bench.check(
        f"epochs to 10 % training error: {numbers(epochs['with'])} with dropout, {numbers(epochs['without'])} without",
        mean(epochs["with"]) >= 1.4 * mean(epochs["without"]))
    run = runs["with", 1]
    scaled = run.evaluate()["accuracy"]
    drawn = {count: run.evaluate("--dropout-samples", count)["accuracy"] for count in (1, 10, 100)}
    texts = ", ".join(f"{percent(accuracy)} of {count}" for count, accuracy in drawn.items())
    # Compares test accuracies: one net with dropout is worse than the mean of many, which the scaled net comes close to.
    bench.check(
        f"test accuracy by dropout nets: {texts}; {percent(scaled)} scaled",
        drawn[1] < drawn[10] < scaled + 0.005 and drawn[1] < drawn[100] - 0.005 and abs(drawn[100] - scaled) < 0.006)


def first_epoch(checkpoints, error):
    """The first epoch, of checkpoints one an epoch, with at most such a training error: errors are taken to fall."""
    low, high = 0, len(checkpoints)
    while low < high:
        middle = (low + high) // 2
        if checkpoints[middle].training_error() <= error:
            high = middle
        else:
            low = middle + 1
    return low + 1


@experiment("batch-norm")
def batch_norm(bench):
    """Batch normalisation survives ten times the rate and first weights of bad scale (O10)."""
    cases = {"the usual": (0.1, 0.1), "ten times the rate": (0.1, 1), "weights ÷ 10": (0.01, 0.1), "weights × 3": (0.3, 0.1)}
    runs = bench.trainings({
        (norm, case): ("batch-norm", (f"optimizer.learningRate={rate}",), {"NORM": norm, "DEVIATION": str(deviation)})
        for case, (deviation, rate) in cases.items() for norm in ("batchNorm", "identity")})
    for case in cases:
        ours, theirs = (runs[norm, case].last("valAccuracy") for norm in ("batchNorm", "identity"))
        # Compares validation accuracies after five epochs; 10 % is chance.
        holds = ours > 0.8 and (theirs > 0.8 if case == "the usual" else theirs < 0.3)
        bench.check(f"{case}: validation accuracy {percent(ours)} with batch normalisation, {percent(theirs)} without", holds)


@experiment("sigmoid-mse")
def sigmoid_mse(bench):
    """Sigmoids with squared errors start slower than softmax with cross-entropy (O10)."""
    losses = {"mse": ((), (2, 3)), "crossEntropy": (("model.layers.4=identity", "loss=crossEntropy"), (0.1, 0.2))}
    saturated = ("model.layers.3.linear.initializer={normal: 1, bias: 0}",)
    runs = bench.trainings({
        (loss, rate, seed, start): (
            "sigmoid-mse", (f"optimizer.learningRate={rate}", f"seed={seed}", *settings, *start))
        for loss, (settings, rates) in losses.items() for rate in rates for seed in SEEDS for start in ((), saturated)})
    steps = {
        loss: min(
            mean(runs[loss, rate, seed, ()].first("valAccuracy", lambda accuracy: accuracy >= 0.85) for seed in SEEDS)
            for rate in rates)
        for loss, (_, rates) in losses.items()}
    # Compares mean steps of three seeds at the better of two rates.
    bench.check(
        f"steps to a validation accuracy of 85 %: {steps['crossEntropy']:.0f} with softmax and cross-entropy, "
        f"{steps['mse']:.0f} with sigmoids and squared errors",
        steps["mse"] >= 1.2 * steps["crossEntropy"])
    ends = {
        loss: max(mean(runs[loss, rate, seed, saturated].last("valAccuracy") for seed in SEEDS) for rate in rates)
        for loss, (_, rates) in losses.items()}
    # Outputs that begin saturated, at their ends: the slope of a sigmoid is in the gradient of the squared error alone.
    bench.check(
        f"from saturated outputs, after an epoch of 400 steps: {percent(ends['crossEntropy'])} and {percent(ends['mse'])}",
        ends["crossEntropy"] > 0.8 and ends["mse"] < ends["crossEntropy"] - 0.2)


@experiment("gradient-noise")
def gradient_noise(bench):
    """The variance of the gradient halves when the batch doubles (O16)."""
    batches = (32, 64, 128, 256, 512)
    runs = bench.trainings({
        (batch, seed): ("gradient-noise", (f"batch={batch}", f"grain={batch // 2}", f"seed={seed}"))
        for batch in batches for seed in SEEDS[:2]})
    for seed in SEEDS[:2]:
        variances = [runs[batch, seed].last("trainGradientVariance") for batch in batches]
        ratios = [one / two for one, two in zip(variances, variances[1:])]
        # Compares what the two halves of each batch differ by, a mean over 20,000 samples.
        bench.check(
            f"variance with batches of {numbers(batches)}, seed {seed}: {numbers(variances)}; ratios {numbers(ratios)}",
            all(abs(ratio / 2 - 1) <= 0.15 for ratio in ratios))


@experiment("stop")
def stop(bench):
    """"While error is too large": training ends when it has learned XOR (O16)."""
    runs = bench.trainings({seed: ("xor-table", (f"seed={seed}", "logEverySteps=1")) for seed in SEEDS})
    steps = [int(run.lines[-1]["step"]) for run in runs.values()]
    losses = [run.last("trainLoss") for run in runs.values()]
    accuracies = [run.evaluate()["accuracy"] for run in runs.values()]
    # Compares with the 2,000 steps that it may take at most; the last loss is the first that is small enough.
    bench.check(
        f"XOR: ended by itself after {', '.join(map(str, steps))} of 2,000 steps",
        max(steps) < 2000 and max(losses) <= 0.01 and accuracies == [1, 1, 1])


@experiment("pretraining")
def pretraining(bench):
    """A stack that learned layer by layer without labels tunes better than random weights (O10)."""
    runs = bench.trainings({
        (name, seed): (name, (f"seed={seed}",)) for seed in SEEDS for name in ("pretraining", "pretraining-random")})
    errors = {
        name: [1 - runs[name, seed].evaluate()[metric] for seed in SEEDS]
        for name, metric in (("pretraining", "tuningAccuracy"), ("pretraining-random", "accuracy"))}
    stacked, drawn = errors["pretraining"], errors["pretraining-random"]
    # Compares test errors of three seeds, all of the one with all of the other.
    bench.check(f"test error from 300 labels: {shares(stacked)} of the stack, {shares(drawn)} from random weights", max(stacked) < min(drawn))
