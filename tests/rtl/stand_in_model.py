"""The stand-in network in plain Python, and the shapes it comes in."""
from dataclasses import dataclass

from bench import signed


@dataclass(frozen=True)
class Shape:
    inputs: int
    input_width: int
    outputs: int
    output_width: int
    latency: int
    hash: int

    @property
    def in_bits(self):
        return self.inputs * self.input_width

    def pack(self, values):
        mask = (1 << self.input_width) - 1
        return sum((v & mask) << (self.input_width * i) for i, v in enumerate(values))

    def unpack(self, data):
        return [signed(data >> (self.output_width * k), self.output_width) for k in range(self.outputs)]

    def compute(self, x):
        """y_k = x_[(k + 2) mod inputs] * 2^(k mod 2) - x_[k mod inputs], in the width of an output."""
        return [signed((x[(k + 2) % self.inputs] << (k % 2)) - x[k % self.inputs], self.output_width)
                for k in range(self.outputs)]

    def random_inputs(self, rng):
        return [signed(rng.getrandbits(self.input_width), self.input_width) for _ in range(self.inputs)]


SHAPES = {
    "narrow": Shape(4, 16, 4, 20, 3, 0x57A4D100),
    "wide": Shape(16, 12, 5, 14, 6, 0x57A4D200),
    "tiny": Shape(1, 16, 1, 40, 0, 0x57A4D300),
}
