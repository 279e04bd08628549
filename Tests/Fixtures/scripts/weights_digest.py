"""Prints the digest of the weights in safetensors files, by the formula documented at SafetensorsFile.weightsDigest().

Python 3.8+, no packages:  python weights_digest.py FILE...
"""
import hashlib
import json
import struct
import sys


def weights_digest(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    checkpoint = header.pop("__metadata__", {}).get("format") == "trainer-checkpoint"
    if checkpoint:
        header = {name.split(".", 1)[1]: entry for name, entry in header.items() if name.split(".")[0] in ("model", "buffer")}
    digest = hashlib.sha256()
    for name in sorted(header, key=str.encode):
        entry = header[name]
        if name.endswith(".num_batches_tracked") and entry["dtype"] == "I64" and not entry["shape"]:
            continue
        for text in (name.encode(), entry["dtype"].encode()):
            digest.update(struct.pack("<q", len(text)) + text)
        digest.update(struct.pack(f"<{1 + len(entry['shape'])}q", len(entry["shape"]), *entry["shape"]))
        digest.update(data[slice(*entry["data_offsets"])])
    return digest.hexdigest()


for path in sys.argv[1:]:
    print(weights_digest(path), path)
