"""The network while it learns (PyTorch). Quantization-aware from some epoch on: the forward pass computes exactly
what integer_network.py computes (up to float32), the backward pass sees the identity where nothing is clamped.

Weights may have at most `digits` nonzero canonical signed digits each, so that the depth of the adder tree is known
before training. Hidden values are rounded down: in hardware that is free, and the bias learns to make up for it.
"""
from dataclasses import dataclass
import numpy as np
import torch
from integer_network import IntegerNetwork, Layer, csd_digits

INPUT_EXPONENT = -4                                # features are integers / 16
# Typical sizes of features and of hidden values (log-odds); weights learn in these units and so are all about 1.
FEATURE_SIZES = (512.0, 32.0, 32.0, 32.0)
HIDDEN_SIZE = 8.0


@dataclass(frozen=True)
class Shape:
    inputs: int = 4
    hidden: tuple = (16,)
    outputs: int = 4
    weight_bits: tuple = (13, 8)                   # signed, a layer each
    weight_exponents: tuple = (-11, -6)
    digits: tuple = (3, 3)                         # nonzero signed digits a weight
    hidden_bits: int = 9                           # unsigned
    hidden_exponent: int = -3


def allowed_integers(bits, digits):
    return np.array([v for v in range(-2**(bits - 1) + 1, 2**(bits - 1)) if csd_digits(v) <= digits], np.float32)


class QuantizedLinear(torch.nn.Module):
    def __init__(self, inputs, outputs, shape, index, input_sizes, output_size, generator):
        super().__init__()
        self.output_size = output_size
        self.exponent, self.bits, self.digits = shape.weight_exponents[index], shape.weight_bits[index], shape.digits[index]
        spread = inputs**-0.5
        self.weight = torch.nn.Parameter((torch.rand(inputs, outputs, generator=generator) * 2 - 1) * spread)
        self.bias = torch.nn.Parameter((torch.rand(outputs, generator=generator) * 2 - 1) * spread)
        self.register_buffer("unit", output_size / torch.tensor(input_sizes, dtype=torch.float32)[:, None])
        table = torch.from_numpy(allowed_integers(self.bits, self.digits))
        self.register_buffer("table", table)
        self.register_buffer("borders", (table[1:] + table[:-1]) / 2)

    def weight_integers(self):
        wanted = self.weight * self.unit * 2.0**-self.exponent
        return self.table[torch.bucketize(wanted.detach().contiguous(), self.borders)]

    def forward(self, x, sum_exponent, quantized):
        weight, bias = self.weight * self.unit, self.bias * self.output_size
        if quantized:
            weight = weight + (self.weight_integers() * 2.0**self.exponent - weight).detach()
            bias = bias + (torch.round(bias * 2.0**-sum_exponent) * 2.0**sum_exponent - bias).detach()
        return x @ weight + bias


class SiteNetwork(torch.nn.Module):
    def __init__(self, shape, seed):
        super().__init__()
        self.shape = shape
        generator = torch.Generator().manual_seed(seed)
        widths = (shape.inputs, *shape.hidden, shape.outputs)
        sizes = [FEATURE_SIZES[:shape.inputs]] + [(HIDDEN_SIZE,) * n for n in shape.hidden]
        last = len(widths) - 2
        self.layers = torch.nn.ModuleList(
            QuantizedLinear(widths[i], widths[i + 1], shape, i, sizes[i], 1.0 if i == last else HIDDEN_SIZE, generator)
            for i in range(last + 1))

    def forward(self, x, quantized=False):
        step = 2.0**self.shape.hidden_exponent
        top = (2**self.shape.hidden_bits - 1) * step
        for i, layer in enumerate(self.layers):
            exponent = INPUT_EXPONENT if i == 0 else self.shape.hidden_exponent
            x = layer(x, exponent + layer.exponent, quantized)
            if i + 1 < len(self.layers):
                x = torch.clamp(x, 0, top)
                if quantized:
                    x = x + (torch.floor(x / step) * step - x).detach()
        return x

    def to_integers(self):
        layers = []
        for i, layer in enumerate(self.layers):
            last = i + 1 == len(self.layers)
            sum_exponent = (INPUT_EXPONENT if i == 0 else self.shape.hidden_exponent) + layer.exponent
            bias = torch.round((layer.bias.detach() * layer.output_size) * 2.0**-sum_exponent)
            layers.append(Layer(
                layer.weight_integers().numpy().astype(np.int64), bias.numpy().astype(np.int64), layer.exponent, sum_exponent,
                sum_exponent if last else self.shape.hidden_exponent, 0 if last else self.shape.hidden_bits, layer.bits))
        return IntegerNetwork(tuple(layers))


def train(rows, labels, shape, seed, float_epochs, quantized_epochs, batch=4096, rate=1e-2, report=print):
    """rows [n, inputs] float32 feature values; labels [n]. Cross-entropy with classes equally often: its minimum is
    the posterior, averaged over all nuisances."""
    torch.manual_seed(seed)
    x, y = torch.from_numpy(rows), torch.from_numpy(labels)
    network = SiteNetwork(shape, seed)
    per_epoch = len(x) // batch
    for quantized, epochs, peak in ((False, float_epochs, rate), (True, quantized_epochs, rate / 2)):
        optimizer = torch.optim.Adam(network.parameters(), peak)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=max(1, epochs * per_epoch), pct_start=0.1)
        for epoch in range(epochs):
            order, total = torch.randperm(len(x)), 0.0
            for i in range(per_epoch):
                pick = order[i * batch:(i + 1) * batch]
                loss = torch.nn.functional.cross_entropy(network(x[pick], quantized), y[pick])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item()
            report(f"{'quantized' if quantized else 'float'} epoch {epoch + 1} of {epochs}: loss {total / per_epoch:.5f}")
    return network
