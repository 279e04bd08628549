"""PyTorch modules with the names of torchvision's alexnet, resnet18, vgg11_bn, googlenet and inception_v3.

They are written anew here, because PyTorch is often installed without torchvision; `Tests/Fixtures/golden/zoo.json` has
the names and shapes that torchvision gives, and `differences` compares with it.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def sequence(*layers):
    return nn.Sequential(*layers)


class AlexNet(nn.Module):
    def __init__(self):
        super().__init__()
        pool = nn.MaxPool2d(3, 2)
        self.features = sequence(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), pool, nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), pool,
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), pool)
        self.classifier = sequence(
            nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Linear(4096, 1000))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class VGG11BN(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for filters in (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool"):
            if filters == "pool":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
                channels = filters
        self.features = sequence(*layers)
        self.classifier = sequence(
            nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 1000))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = sequence(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for number, filters in enumerate((64, 128, 256, 512), 1):
            stage = sequence(BasicBlock(channels, filters, 1 if number == 1 else 2), BasicBlock(filters, filters, 1))
            setattr(self, f"layer{number}", stage)
            channels = filters
        self.fc = nn.Linear(512, 1000)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(x.mean((2, 3)))


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU: torchvision's BasicConv2d."""

    def __init__(self, channels, filters, kernel=1, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(filters, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, channels, one, three_in, three, five_in, five, pool):
        super().__init__()
        self.branch1 = Unit(channels, one)
        self.branch2 = sequence(Unit(channels, three_in), Unit(three_in, three, 3, 1, 1))
        self.branch3 = sequence(Unit(channels, five_in), Unit(five_in, five, 3, 1, 1))
        self.branch4 = sequence(nn.MaxPool2d(3, 1, 1, ceil_mode=True), Unit(channels, pool))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Auxiliary(nn.Module):
    """The part of GoogLeNet that evaluation does not use."""

    def __init__(self, channels):
        super().__init__()
        self.conv, self.fc1, self.fc2 = Unit(channels, 128), nn.Linear(2048, 1024), nn.Linear(1024, 1000)


class GoogLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = Unit(3, 64, 7, 2, 3), Unit(64, 64), Unit(64, 192, 3, 1, 1)
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)
        self.aux1, self.aux2 = Auxiliary(512), Auxiliary(528)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x):
        def pool(x, kernel=3):
            return F.max_pool2d(x, kernel, 2, ceil_mode=True)

        x = pool(self.conv3(self.conv2(pool(self.conv1(x)))))
        x = pool(self.inception3b(self.inception3a(x)))
        x = self.inception4e(self.inception4d(self.inception4c(self.inception4b(self.inception4a(x)))))
        x = self.inception5b(self.inception5a(pool(x, 2)))
        return self.fc(x.mean((2, 3)))


class Module(nn.Module):
    """A module of Inception v3: named units, and the paths through them.

    `units` are (name, channels, filters, kernel, stride, padding); `paths` are lists of such names, or of `max` and
    `mean` for pools; a tuple at the end of a path is where it parts once more.
    """

    def __init__(self, units, paths):
        super().__init__()
        for name, *shape in units:
            setattr(self, name, Unit(*shape))
        self.paths = paths

    def step(self, name, x):
        if name == "max":
            return F.max_pool2d(x, 3, 2)
        if name == "mean":
            return F.avg_pool2d(x, 3, 1, 1)
        if isinstance(name, tuple):
            return torch.cat([self.step(part, x) for part in name], 1)
        return getattr(self, name)(x)

    def forward(self, x):
        results = []
        for path in self.paths:
            y = x
            for name in path:
                y = self.step(name, y)
            results.append(y)
        return torch.cat(results, 1)


ROW7, COLUMN7, ROW3, COLUMN3 = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0)), ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))


def inception_a(channels, pool):
    return Module(
        [("branch1x1", channels, 64), ("branch5x5_1", channels, 48), ("branch5x5_2", 48, 64, 5, 1, 2),
         ("branch3x3dbl_1", channels, 64), ("branch3x3dbl_2", 64, 96, 3, 1, 1), ("branch3x3dbl_3", 96, 96, 3, 1, 1),
         ("branch_pool", channels, pool)],
        [["branch1x1"], ["branch5x5_1", "branch5x5_2"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"],
         ["mean", "branch_pool"]])


def inception_b(channels):
    return Module(
        [("branch3x3", channels, 384, 3, 2), ("branch3x3dbl_1", channels, 64), ("branch3x3dbl_2", 64, 96, 3, 1, 1),
         ("branch3x3dbl_3", 96, 96, 3, 2)],
        [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], ["max"]])


def inception_c(channels, width):
    return Module(
        [("branch1x1", channels, 192), ("branch7x7_1", channels, width), ("branch7x7_2", width, width, *ROW7),
         ("branch7x7_3", width, 192, *COLUMN7), ("branch7x7dbl_1", channels, width),
         ("branch7x7dbl_2", width, width, *COLUMN7), ("branch7x7dbl_3", width, width, *ROW7),
         ("branch7x7dbl_4", width, width, *COLUMN7), ("branch7x7dbl_5", width, 192, *ROW7),
         ("branch_pool", channels, 192)],
        [["branch1x1"], ["branch7x7_1", "branch7x7_2", "branch7x7_3"], [f"branch7x7dbl_{i}" for i in range(1, 6)],
         ["mean", "branch_pool"]])


def inception_d(channels):
    return Module(
        [("branch3x3_1", channels, 192), ("branch3x3_2", 192, 320, 3, 2), ("branch7x7x3_1", channels, 192),
         ("branch7x7x3_2", 192, 192, *ROW7), ("branch7x7x3_3", 192, 192, *COLUMN7), ("branch7x7x3_4", 192, 192, 3, 2)],
        [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{i}" for i in range(1, 5)], ["max"]])


def inception_e(channels):
    return Module(
        [("branch1x1", channels, 320), ("branch3x3_1", channels, 384), ("branch3x3_2a", 384, 384, *ROW3),
         ("branch3x3_2b", 384, 384, *COLUMN3), ("branch3x3dbl_1", channels, 448),
         ("branch3x3dbl_2", 448, 384, 3, 1, 1), ("branch3x3dbl_3a", 384, 384, *ROW3),
         ("branch3x3dbl_3b", 384, 384, *COLUMN3), ("branch_pool", channels, 192)],
        [["branch1x1"], ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
         ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")], ["mean", "branch_pool"]])


class AuxiliaryV3(nn.Module):
    """The part of Inception v3 that evaluation does not use."""

    def __init__(self):
        super().__init__()
        self.conv0, self.conv1, self.fc = Unit(768, 128), Unit(128, 768, 5), nn.Linear(768, 1000)


class InceptionV3(nn.Module):
    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = Unit(3, 32, 3, 2), Unit(32, 32, 3)
        self.Conv2d_2b_3x3 = Unit(32, 64, 3, 1, 1)
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = Unit(64, 80), Unit(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = inception_a(192, 32), inception_a(256, 64), inception_a(288, 64)
        self.Mixed_6a = inception_b(288)
        self.Mixed_6b, self.Mixed_6c = inception_c(768, 128), inception_c(768, 160)
        self.Mixed_6d, self.Mixed_6e = inception_c(768, 160), inception_c(768, 192)
        self.AuxLogits = AuxiliaryV3()
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = inception_d(768), inception_e(1280), inception_e(2048)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, x):
        x = F.max_pool2d(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))), 3, 2)
        x = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, 2)
        for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"):
            x = getattr(self, f"Mixed_{name}")(x)
        return self.fc(x.mean((2, 3)))


# By the names in zoo.json; the trainer has hyphens.
NETWORKS = {
    "alexnet": AlexNet, "vgg11_bn": VGG11BN, "resnet18": ResNet18, "googlenet": GoogLeNet, "inception_v3": InceptionV3,
}


def drawn(name, images):
    """The network with random weights, and running statistics whose scale fits the images.

    The means are drawn near zero: true ones, taken away from values that hardly differ, would amplify the rounding of each
    of a hundred layers.
    """
    network = NETWORKS[name]()
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.uniform_(module.bias, -0.1, 0.1)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            # One pass sets them; layers that it does not reach keep drawn ones.
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(images)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var += module.running_mean ** 2
            module.running_mean = (torch.rand_like(module.running_mean) - 0.5) * 0.2 * module.running_var.sqrt()
    return network.eval()


def differences(network, reference):
    """How the names and shapes of a network's state differ from those of an entry of zoo.json."""
    own = {key: list(value.shape) for key, value in network.state_dict().items()}
    return sorted(name for name in own.keys() | reference["state"].keys() if own.get(name) != reference["state"].get(name))
