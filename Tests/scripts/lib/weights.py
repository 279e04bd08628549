"""Reads and writes safetensors files: eight bytes that say how long the header is, the header in JSON, the tensors' bytes."""
import array
import json
import math
import struct


class Weights:
    """The tensors of a file, of 32-bit floats: `shapes` by name, and their numbers; without PyTorch's counts of batches."""

    def __init__(self, path):
        content = path.read_bytes()
        length, = struct.unpack("<Q", content[:8])
        header = json.loads(content[8:8 + length])
        self.metadata = header.pop("__metadata__", {})
        header = {name: entry for name, entry in header.items() if not name.endswith(".num_batches_tracked")}
        self.shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        self.data = content[8 + length:]
        self.ranges = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            if entry["dtype"] != "F32" or end - begin != 4 * math.prod(entry["shape"]) or end > len(self.data):
                raise ValueError(f"{path}: {name} is {entry}")
            self.ranges[name] = slice(begin, end)

    def bytes(self, name):
        return self.data[self.ranges[name]]

    def numbers(self, name):
        return array.array("f", self.bytes(name))


def write_weights(path, tensors):
    """Writes tensors, given as (shape, numbers) by name, as 32-bit floats."""
    header, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        content = array.array("f", numbers).tobytes()
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def difference(one, other):
    """What is not the same in two files of weights, in words; None if nothing is."""
    if one.shapes != other.shapes:
        return f"other tensors: {sorted(set(one.shapes.items()) ^ set(other.shapes.items()))}"
    different = [name for name in one.shapes if one.bytes(name) != other.bytes(name)]
    if not different:
        return None
    texts = []
    for name in different[:3]:
        pairs = list(zip(one.numbers(name), other.numbers(name)))
        count, largest = sum(a != b for a, b in pairs), max(abs(a - b) for a, b in pairs)
        texts.append(f"{name} ({count} of {len(pairs)} numbers, by at most {largest:.3g})")
    return ", ".join(texts) + (f" and {len(different) - 3} more" if len(different) > 3 else "")
