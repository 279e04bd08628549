"""Writes Tests/Fixtures/safetensors/python.safetensors, which CheckpointingTests reads.

Made with Python 3.11+, safetensors 0.8.0, PyTorch 2.15.0; run it in any folder:
    python make_safetensors.py
"""
import pathlib
import torch
from safetensors.torch import save_file

values = torch.tensor([[0.0, -0.0, 1.5], [-2.25, 65504.0, 6.103515625e-05]], dtype=torch.float64)
tensors = {
    "layer.float32": values.float(),
    "layer.float64": values + 1e-12,
    "layer.float16": values.half(),
    "layer.bfloat16": torch.tensor([1.0, -3.140625, 3.3895313892515355e38, float("inf")]).bfloat16(),
    "int64": torch.tensor([-(2**63), -1, 0, 2**63 - 1]),
    "int32": torch.tensor([[-(2**31)], [2**31 - 1]], dtype=torch.int32),
    "uint8": torch.tensor([0, 127, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
    "scalar": torch.tensor(42.0),
    "empty": torch.zeros(0, 3),
    'näme "quoted"\\': torch.tensor([7.0]),
}
folder = pathlib.Path(__file__).resolve().parent.parent / "safetensors"
folder.mkdir(exist_ok=True)
save_file(tensors, folder / "python.safetensors", metadata={"format": "pt", "note": "tab\tline\nend \u0001"})
