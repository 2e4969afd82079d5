#!/usr/bin/env python3
"""Writes the small weights files of this folder's tests, one of each kind that PyTorch users have, into files/.

Needs torch, numpy and safetensors. Every file but those whose name says otherwise holds the same state dict: a linear
layer and a batch norm, whose values count up from the number of their entry (see state())."""
import argparse
import collections
import pathlib

import numpy
import safetensors.torch
import torch

OUT = pathlib.Path(__file__).parent / "files"


def counting(start, *shape, dtype=torch.float32):
    size = int(numpy.prod(shape, dtype=numpy.int64))
    return (torch.arange(size, dtype=torch.float64) + start).reshape(shape).to(dtype)


def state():
    entries = collections.OrderedDict()
    entries["fc.weight"] = counting(0, 2, 3)
    entries["fc.bias"] = counting(100, 2)
    entries["bn.weight"] = counting(200, 3)
    entries["bn.running_mean"] = counting(300, 3)
    entries["bn.num_batches_tracked"] = torch.tensor(7)
    return entries


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)
        self.bn = torch.nn.BatchNorm1d(3)

    def forward(self, x):
        return self.fc(self.bn(x))


def main():
    OUT.mkdir(exist_ok=True)
    save = lambda value, name, **options: torch.save(value, OUT / name, **options)
    legacy = {"_use_new_zipfile_serialization": False}
    save(state(), "plain.pth")
    save(dict(state()), "dict.pth")
    save(state(), "legacy.pth", **legacy)
    save(Net().state_dict(), "with_metadata.pth")
    training = {
        "model": state(),
        "model_ema": {name: value + 1 for name, value in state().items()},
        "optimizer": {"state": {0: {"exp_avg": counting(0, 2, 3), "step": 5}}, "param_groups": [{"lr": 0.1}]},
        "scaler": {"scale": 65536.0},
        "epoch": 299,
        "args": argparse.Namespace(lr=4e-3, model="SLaK_tiny"),
        "accuracy": numpy.float64(82.5),
    }
    save(training, "training.pth")
    save(training, "training_legacy.pth.tar", **legacy)
    save({"state_dict": {"module." + k: v for k, v in state().items()}, "arch": "net"}, "parallel.pth.tar")
    save({name: torch.nn.Parameter(value, requires_grad=False) for name, value in state().items()}, "parameters.pth")
    save({"half": counting(0, 4, dtype=torch.float16), "bfloat": counting(0, 4, dtype=torch.bfloat16),
          "double": counting(0, 4, dtype=torch.float64), "byte": counting(0, 4, dtype=torch.uint8),
          "bool": torch.tensor([True, False])}, "dtypes.pth")
    base = counting(0, 4, 3)
    views = {"whole": base, "transposed": base.t(), "row": base[2], "column": base[:, 1], "empty": base[:0]}
    save(views, "views.pth")
    save(views, "views_legacy.pth", **legacy)
    save({"z": torch.zeros(2, dtype=torch.complex64)}, "complex.pth")
    save({"q": torch.zeros(2, dtype=torch.float8_e4m3fn)}, "float8.pth")
    save([counting(0, 2)], "list.pth")
    save(torch.nn.Linear(3, 2), "module.pth")
    save(collections.OrderedDict(epoch=3), "no_tensors.pth")
    torch.serialization.set_crc32_options(False)
    save(state(), "no_crc.pth")
    torch.serialization.set_crc32_options(True)
    net = Net()
    net.load_state_dict({**state(), "bn.bias": counting(400, 3), "bn.running_var": counting(500, 3)})
    torch.jit.script(net.eval()).save(str(OUT / "script.pt"))
    safetensors.torch.save_file(dict(state()), OUT / "plain.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
