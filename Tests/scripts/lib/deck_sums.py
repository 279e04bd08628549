"""The sums of the lecture decks: a model, what is asked of its summary, and what the answer must be."""


class Sum:
    """One sum of a deck.

    line: deck and line. model: its name, or the model as configurations write it, and options. ask: the figure of the summary's
    JSON.
    within: how far a rounded figure may lie off. deck: what the deck has where that is wrong.
    """

    def __init__(self, line, what, model, ask, expected, within=0, deck=None):
        self.line, self.what, self.model, self.found = line, what, model, ask
        self.expected, self.within, self.deck = expected, within, deck

    def agrees(self, found):
        if self.within and isinstance(found, (int, float)):
            return abs(found - self.expected) <= self.within
        return found == self.expected


def text(value):
    """1234 as 1,234, and [3, 3, 1] as 3×3×1."""
    if isinstance(value, list):
        return "×".join(map(str, value)) if len(value) < 4 and isinstance(value[0], int) else ", ".join(map(text, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


# Models in their configurations' words.
def layers(shape, *elements):
    return f"{{input: {shape}, layers: [{', '.join(elements)}]}}"


def conv(filters, kernel, **keys):
    keys = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"conv: {{filters: {filters}, kernel: {kernel}{keys}}}"


def pool(kernel, **keys):
    keys = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"maxPool: {{kernel: {kernel}{keys}}}"


def element(text):
    return "{" + text + "}"


# What is asked.
def output(model):
    return model["output"]


def outputs_of(*kinds):
    return lambda model: [row["output"] for row in model["layers"] if row["kind"] in kinds]


def of(index, key):
    return lambda model: model["layers"][index][key]


def total(key):
    return lambda model: model["total"][key]


def parameters(index):
    return lambda model: model["layers"][index]["weights"] + model["layers"][index]["biases"]


def sees(index):
    return lambda model: model["layers"][index]["receptiveField"]


def last_seen(kind, place=-1):
    return lambda model: [row["receptiveField"] for row in model["layers"] if row["kind"] == kind][place]


def matrix(form, figure):
    return lambda model: model["convolutions"][0][form][figure]


def millions(model):
    return round(model["total"]["parameters"] / 1e6)


def share_of_linear(model):
    linear = sum(row["weights"] + row["biases"] for row in model["layers"] if row["kind"] == "linear")
    return "most" if 2 * linear > model["total"]["parameters"] else "less than half"


def share_of_early(model):
    pools = [place for place, row in enumerate(model["layers"]) if row["kind"] == "maxPool"]
    early = sum(row["activations"] for row in model["layers"][: pools[1]])
    return "most" if 2 * early > model["total"]["activations"] else "less than half"


# Deck 4, lines 452–471: module, output, widths (1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool proj), and thousands of parameters
# (1024) and millions of operations as the deck has them.
MODULES = [
    ("3a", [28, 28, 256], (64, 96, 128, 16, 32, 32), 159, 128),
    ("3b", [28, 28, 480], (128, 128, 192, 32, 96, 64), 380, 304),
    ("4a", [14, 14, 512], (192, 96, 208, 16, 48, 64), 364, 73),
    ("4b", [14, 14, 512], (160, 112, 224, 24, 64, 64), 437, 88),
    ("4c", [14, 14, 512], (128, 128, 256, 24, 64, 64), 463, 100),
    ("4d", [14, 14, 528], (112, 144, 288, 32, 64, 64), 580, 119),
    ("4e", [14, 14, 832], (256, 160, 320, 32, 128, 128), 840, 170),
    ("5a", [7, 7, 832], (256, 160, 320, 32, 128, 128), 1072, 54),
    ("5b", [7, 7, 1024], (384, 192, 384, 48, 128, 128), 1388, 71),
]


def network_of_table():
    """The network of deck 4's table: 5×5 filters, poolings that keep a last incomplete window, no auxiliary heads."""
    def filters(number, kernel, stride=1):
        return element(conv(number, kernel, stride=stride, padding=kernel // 2)) + ", relu"
    between = element(pool(3, stride=2, ceil="true"))
    elements = [filters(64, 7, 2), between, filters(64, 1), filters(192, 3), between]
    for name, _, (one, reduce3, three, reduce5, five, project), _, _ in MODULES:
        paths = [filters(one, 1), filters(reduce3, 1) + ", " + filters(three, 3), filters(reduce5, 1) + ", " + filters(five, 5),
                 element(pool(3, stride=1, padding=1)) + ", " + filters(project, 1)]
        elements.append(f"{{name: inception{name}, concatenate: [{', '.join(f'[{path}]' for path in paths)}]}}")
        elements += [between] if name in ("3b", "4e") else []
    return layers("[224, 224, 3]", *elements, "globalAveragePool", "{dropout: 0.4}", "{linear: 1000}")


GOOGLENET = network_of_table()
# The same in the program's list of networks, without the auxiliary heads that help its training.
READY_MADE = "{name: googlenet-2014, aux: false}"
THREE = element(conv(1, 3))
RGB = "[227, 227, 3]"
ALEXNET = layers(RGB, element(conv(96, 11, stride=4)), "relu", element(pool(3, stride=2)))
HUNDRED = layers("[28, 28, 3]", element(conv(100, 3, padding=1)))
EDGE = layers("[320, 280, 1]", element(conv(1, "[2, 1]", bias="false")))

SUMS = [
    Sum("0:98", "5×5 image, 3×3 filter", layers("[5, 5, 1]", THREE), output, [3, 3, 1]),
    Sum("0:149", "a 3×3 filter sees", layers("[9, 9, 1]", THREE), sees(0), [3, 3]),
    Sum("0:155", "a 5×5 filter sees", layers("[9, 9, 1]", element(conv(1, 5))), sees(0), [5, 5]),
    Sum("0:163", "two 3×3 filters see", layers("[9, 9, 1]", THREE, THREE), sees(1), [5, 5]),
    Sum("0:163", "three 3×3 filters see", layers("[9, 9, 1]", THREE, THREE, THREE), sees(2), [7, 7]),
    Sum("0:170", "poll: 7×7×1, filter 3×3×1, padding 1, stride 3",
        layers("[7, 7, 1]", element(conv(1, 3, padding=1, stride=3))), output, [3, 3, 1]),
    Sum("0:228", "max pooling 2×2, stride 2, of 28×28×6",
        layers("[28, 28, 6]", element(pool(2, stride=2))), output, [14, 14, 6]),
    Sum("0:234", "trainable parameters of a pooling layer", layers("[28, 28, 6]", element(pool(2))), total("parameters"), 0),
    Sum("0:251", "LeNet-5's last subsampling sees", "lenet5", last_seen("maxPool"), [16, 16]),
    Sum("0:260", "VGG-16's last convolution sees", "vgg16", last_seen("conv"), [196, 196]),
    Sum("0:260", "VGG-16's last pooling sees", "vgg16", last_seen("maxPool"), [212, 212]),
    Sum("0:260", "AlexNet's last pooling sees", "alexnet", last_seen("maxPool"), [195, 195]),
    Sum("1:1013", "max over |k| < 3 (kernel 5, stride 1, padding 2) of 28×28",
        layers("[28, 28, 1]", element(pool(5, stride=1, padding=2))), output, [28, 28, 1]),
    Sum("1:1218", "layers of AlexNet", "alexnet", total("depth"), 8),
    Sum("1:1223", "layers of VGG", "vgg19", total("depth"), 19),
    Sum("1:1229", "layers of GoogLeNet", GOOGLENET, total("depth"), 22),
    Sum("1:1229", "layers of GoogLeNet, ready-made", READY_MADE, total("depth"), 22),
    Sum("1:1235", "layers of ResNet", "resnet152", total("depth"), 152),
    Sum("3:24", "weights of a neuron on 32×32×3", layers("[32, 32, 3]", "flatten", "{linear: 1}"), of(1, "weights"), 3072),
    Sum("3:42", "weights of a neuron on 200×200×3",
        layers("[200, 200, 3]", "flatten", "{linear: 1}"), of(1, "weights"), 120_000),
    Sum("3:141", "m inputs and n outputs: 7 × 5 weights", layers("[7]", "{linear: 5}"), of(0, "weights"), 35),
    Sum("3:164", "320×280 image, 2×1 kernel", EDGE, output, [319, 280, 1]),
    Sum("3:165", "… multiplications", EDGE, total("multiplications"), 2 * 319 * 280),
    Sum("3:165", "… additions", EDGE, total("additions"), 319 * 280),
    Sum("3:165", "… operations as a convolution", EDGE, matrix("convolution", "operations"), 267_960),
    Sum("3:207", "… stored floats as a convolution", EDGE, matrix("convolution", "storedFloats"), 2),
    Sum("3:207", "… stored floats as a dense matrix, about 8·10⁹", EDGE, matrix("dense", "storedFloats"), 8_003_072_000),
    Sum("3:211", "… stored floats as a sparse matrix", EDGE, matrix("sparse", "storedFloats"), 178_640),
    Sum("3:213", "… operations as a dense matrix, over 16·10⁹", EDGE, matrix("dense", "operations"), 16_006_054_680),
    Sum("3:216", "… operations as a sparse matrix", EDGE, matrix("sparse", "operations"), 267_960),
    Sum("3:264", "pooling 2×2, stride 2, of 4×4", layers("[4, 4, 1]", element(pool(2, stride=2))), output, [2, 2, 1]),
    Sum("3:307", "LeNet-5's maps", "lenet5",
        outputs_of("conv", "maxPool"), [[28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16]]),
    Sum("3:420", "AlexNet's first layer on 224×224, where (224 − 11)/4 is no whole number",
        layers("[224, 224, 3]", element(conv(96, 11, stride=4))), output, [54, 54, 96], deck="224×224, 4:300 227×227"),
    Sum("4:164", "N = 6, K = 3, S = 1", layers("[6, 6, 1]", THREE), output, [4, 4, 1]),
    Sum("4:165", "N = 8, K = 3, S = 1", layers("[8, 8, 1]", THREE), output, [6, 6, 1]),
    Sum("4:183", "K = 3 with padding (K − 1)/2 of 6×6", layers("[6, 6, 1]", element(conv(1, 3, padding=1))), output, [6, 6, 1]),
    Sum("4:183", "K = 5 with padding (K − 1)/2 of 6×6", layers("[6, 6, 1]", element(conv(1, 5, padding=2))), output, [6, 6, 1]),
    Sum("4:191", "100 filters on 6×6", layers("[6, 6, 1]", element(conv(100, 3, padding=1))), output, [6, 6, 100]),
    Sum("4:217", "output of 100 3×3 filters on 28×28×3, stride 1",
        layers("[28, 28, 3]", element(conv(100, 3))), output, [26, 26, 100], deck="'depths will be equal'"),
    Sum("4:225", "… with the padding of 1 that preserves the size", HUNDRED, output, [28, 28, 100]),
    Sum("4:229", "parameters of a 3×3×3 filter and its bias", layers("[28, 28, 3]", THREE), parameters(0), 28, deck=27),
    Sum("4:231", "parameters of 100 of them", HUNDRED, parameters(0), 2800, deck=270),
    Sum("4:243", "parameters of a non-linearity", layers("[28, 28, 3]", "relu"), total("parameters"), 0),
    Sum("4:293", "LeNet-5's parameters, with ReLU and max pooling", "lenet5", total("parameters"), 61_706),
    Sum("4:293", "LeNet-5's parameters as of 1998", "lenet5-1998", total("parameters"), 60_000),
    Sum("4:293", "… with its maps", "lenet5-1998", outputs_of("conv", "subsampling"),
        [[28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16], [1, 1, 120]]),
    Sum("4:293", "… what S4 sees", "lenet5-1998", last_seen("subsampling"), [16, 16]),
    Sum("4:302", "AlexNet's first layer", ALEXNET, of(0, "output"), [55, 55, 96]),
    Sum("4:310", "… its weights", ALEXNET, of(0, "weights"), 34_848),
    Sum("4:310", "… its biases, which the deck leaves out", ALEXNET, of(0, "biases"), 96),
    Sum("4:317", "… pooling 3×3, stride 2", ALEXNET, output, [27, 27, 96]),
    Sum("4:318", "… its parameters", ALEXNET, parameters(2), 0),
    Sum("4:302", "AlexNet of 2012: first layer and its pooling", "alexnet-2012",
        lambda model: outputs_of("conv", "maxPool")(model)[:2], [[55, 55, 96], [27, 27, 96]]),
    Sum("4:310", "… its first layer's weights", "alexnet-2012", of(0, "weights"), 34_848),
    Sum("0:260", "… its last pooling sees", "alexnet-2012", last_seen("maxPool"), [195, 195]),
    Sum("1:1218", "… its layers", "alexnet-2012", total("depth"), 8),
    Sum("4:300", "AlexNet of 2012 in two columns", "alexnet-2012", total("parameters"), 60_965_224),
    Sum("4:300", "AlexNet of 2012 in one column", "alexnet-2012-one-column", total("parameters"), 62_378_344),
    Sum("4:300", "AlexNet as torchvision has it", "alexnet", total("parameters"), 61_100_840),
    Sum("4:378", "ZF's first layer, 7×7, stride 2, of 224×224",
        layers("[224, 224, 3]", element(conv(96, 7, stride=2))), output, [109, 109, 96]),
    Sum("4:378", "ZFNet, padded so that its grids are the paper's", "zfnet", outputs_of("conv"),
        [[110, 110, 96], [26, 26, 256], [13, 13, 512], [13, 13, 1024], [13, 13, 512]]),
    Sum("4:386", "weight layers of VGG A", "vgg11", total("depth"), 11),
    Sum("4:386", "weight layers of VGG B", "vgg13", total("depth"), 13),
    Sum("4:386", "weight layers of VGG C", "vgg16-c", total("depth"), 16),
    Sum("4:386", "weight layers of VGG D", "vgg16", total("depth"), 16),
    Sum("4:386", "weight layers of VGG E", "vgg19", total("depth"), 19),
    Sum("4:406", "millions of parameters of VGG A", "vgg11", millions, 133),
    Sum("4:406", "millions of parameters of VGG A-LRN", "vgg11-lrn", millions, 133),
    Sum("4:406", "millions of parameters of VGG B", "vgg13", millions, 133),
    Sum("4:406", "millions of parameters of VGG C", "vgg16-c", millions, 134),
    Sum("4:406", "millions of parameters of VGG D", "vgg16", millions, 138),
    Sum("4:406", "millions of parameters of VGG E", "vgg19", millions, 144),
    Sum("4:413", "VGG-16's parameters (calculate!)", "vgg16", total("parameters"), 138_357_544),
    Sum("4:414", "VGG-16's activations, 61 MB", "vgg16", total("activations"), 15_237_608, deck="24 million, 93 MB"),
    Sum("4:417", "early convolutions' share of VGG-16's activations", "vgg16", share_of_early, "most"),
    Sum("4:418", "fully connected layers' share of VGG-16's parameters", "vgg16", share_of_linear, "most"),
    Sum("4:477", "GoogLeNet's parameters", GOOGLENET, total("parameters"), 6_998_552, deck="5 million"),
    Sum("4:477", "GoogLeNet's parameters, ready-made", READY_MADE, total("parameters"), 6_998_552, deck="5 million"),
    Sum("4:477", "… of the same with its auxiliary heads, but those", "googlenet-2014",
        lambda model: model["evaluation"]["parameters"], 6_998_552, deck="5 million"),
]

def inception(channels, side, widths):
    """Weights and multiply-adds of a module on `channels` maps, from the deck's own columns."""
    one, reduce3, three, reduce5, five, project = widths
    weights = channels * (one + reduce3 + reduce5 + project) + 9 * reduce3 * three + 25 * reduce5 * five
    return weights, weights * side * side


def block(name, key):
    return lambda model: next(row for row in model["layers"] if row["name"].endswith(name))[key]


def operations(name):
    return lambda model: round(block(name, "multiplyAdds")(model) / 1e6)


def widths(name):
    def found(model):
        convolutions = [row for row in model["layers"] if f"{name}." in row["name"] and row["kind"] == "conv"]
        return [row["output"][-1] for row in convolutions]
    return found


def convolution(place, key):
    return lambda model: [row for row in model["layers"] if row["kind"] == "conv"][place][key]


def pools_between(model):
    """The outputs of the poolings between modules, the last one's without its positions."""
    rows = [row for row in model["layers"] if row["kind"].endswith("Pool") and "inception" not in row["name"]]
    return [row["output"] for row in rows]


def googlenet():
    """The table of GoogLeNet's modules."""
    net = GOOGLENET
    sums = [
        Sum("4:453", "GoogLeNet's first convolution", net, convolution(0, "output"), [112, 112, 64]),
        Sum("4:453", "… its weights", net, convolution(0, "weights"), 9408, deck="2.7K"),
        Sum("4:453", "… its millions of operations", net,
            lambda model: round(convolution(0, "multiplyAdds")(model) / 1e6), 118, deck="34M"),
        Sum("4:455", "its second and third", net,
            lambda model: [convolution(1, "output")(model), convolution(2, "output")(model)], [[56, 56, 64], [56, 56, 192]]),
        Sum("4:455", "… their weights, 112K", net,
            lambda model: convolution(1, "weights")(model) + convolution(2, "weights")(model), 112 * 1024),
        Sum("4:455", "… their millions of operations", net, lambda model: round(
            (convolution(1, "multiplyAdds")(model) + convolution(2, "multiplyAdds")(model)) / 1e6), 360),
        Sum("4:454", "poolings between modules", net, pools_between,
            [[56, 56, 64], [28, 28, 192], [14, 14, 480], [7, 7, 832], [1024]]),
        Sum("4:470", "weights of the linear layer, 1000K", net, lambda model: model["layers"][-1]["weights"], 1000 * 1024),
    ]
    channels = 192
    for place, (name, shape, columns, thousands, ops) in enumerate(MODULES):
        line, blocks = f"4:{457 + place + (place > 1) + (place > 6)}", f"{net} --depth 1"
        weights, calculated = inception(channels, shape[0], columns)
        sums += [
            Sum(line, f"inception ({name})", blocks, block(name, "output"), shape),
            Sum(line, f"… depth of ({name})", blocks, block(name, "depth"), 2),
            Sum(line, f"… #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj of ({name})", net, widths(name), list(columns)),
            Sum(line, f"… weights of ({name})", blocks, block(name, "weights"), weights,
                deck=None if round(weights / 1024) == thousands else f"{thousands}K"),
            Sum(line, f"… millions of operations of ({name})", blocks, operations(name), round(calculated / 1e6),
                deck=None if abs(calculated / 1e6 - ops) <= 1 else f"{ops}M"),
        ]
        channels = shape[2]
    return sums
