"""Clones of Fashion-MNIST that have only the first moments of its classes (Refinetti, Ingrosso and Goldt 2023).

`means`: each class's mean picture and white noise of the class's mean variance. `gaussian`: the mean and the covariance of
the class: the mean plus the sum of 128 of its pictures about the mean, each with a random sign, over √128, which is normal by
the central limit theorem. `real`: the pictures themselves. All are drawn in a quarter of the contrast about a middle grey,
so that next to nothing is cut off at black or white; standardising takes the contrast out again.
"""
import gzip
import random
import struct

TERMS = 128
GREY, CONTRAST = 96, 0.25
PARTS = {"train": "train", "test": "t10k"}


def read(folder, part, count):
    """The first pictures of a part as lists of numbers, and their classes."""
    with gzip.open(folder / f"{PARTS[part]}-images-idx3-ubyte.gz") as file:
        _, _, height, width = struct.unpack(">4I", file.read(16))
        pixels = file.read(count * height * width)
    with gzip.open(folder / f"{PARTS[part]}-labels-idx1-ubyte.gz") as file:
        labels = file.read(8 + count)[8:]
    size = height * width
    return [list(pixels[i * size:(i + 1) * size]) for i in range(len(labels))], list(labels)


def write(folder, part, pictures, labels):
    """Writes pictures of 28×28 and classes as MNIST's files."""
    folder.mkdir(parents=True, exist_ok=True)
    content = b"".join(
        bytes(min(255, max(0, round(GREY + CONTRAST * value))) for value in picture) for picture in pictures)
    with gzip.open(folder / f"{PARTS[part]}-images-idx3-ubyte.gz", "wb", compresslevel=1) as file:
        file.write(struct.pack(">4I", 2051, len(pictures), 28, 28) + content)
    with gzip.open(folder / f"{PARTS[part]}-labels-idx1-ubyte.gz", "wb", compresslevel=1) as file:
        file.write(struct.pack(">2I", 2049, len(labels)) + bytes(labels))


class Moments:
    """Mean and pictures about the mean of each class, of training samples."""

    def __init__(self, pictures, labels):
        self.means, self.about, self.deviations = {}, {}, {}
        for label in sorted(set(labels)):
            mine = [picture for picture, other in zip(pictures, labels) if other == label]
            mean = [sum(column) / len(mine) for column in zip(*mine)]
            about = [[value - middle for value, middle in zip(picture, mean)] for picture in mine]
            self.means[label] = mean
            # Each picture with either sign, so that a sum of signed ones is a plain sum.
            self.about[label] = [(picture, [-value for value in picture]) for picture in about]
            squares = sum(value * value for picture in about for value in picture)
            self.deviations[label] = (squares / len(mine) / len(mean)) ** 0.5

    def gaussian(self, label, draw):
        chosen = [draw.choice(pair) for pair in draw.choices(self.about[label], k=TERMS)]
        scale = TERMS ** -0.5
        return [mean + scale * sum(column) for mean, column in zip(self.means[label], zip(*chosen))]

    def mean(self, label, draw):
        deviation = self.deviations[label]
        return [draw.gauss(mean, deviation) for mean in self.means[label]]


def make(source, place, training, test):
    """Writes so many pictures of each part below real/, gaussian/ and means/, in folders `fashion-mnist`."""
    draw = random.Random(1)
    pictures, labels = read(source, "train", training)
    moments = Moments(pictures, labels)
    for part, count in (("train", training), ("test", test)):
        pictures, labels = read(source, part, count)
        write(place / "real/fashion-mnist", part, pictures, labels)
        for name, clone in (("gaussian", moments.gaussian), ("means", moments.mean)):
            write(place / name / "fashion-mnist", part, [clone(label, draw) for label in labels], labels)
