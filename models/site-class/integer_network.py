"""The trained network in whole numbers: what every backend must compute. Plain numpy, int64.

  x    features, fixed<16,12>: integer / 16
  h    = clamp(floor((W1 x + b1) / 2^shift), 0, 2^bits - 1)      each hidden layer; floor is an arithmetic shift
  y    = W2 h + b2                                               exact; log posterior up to a constant
"""
from dataclasses import dataclass
import numpy as np


def csd_digits(integer):
    """Nonzero digits of the canonical signed-digit form: what a constant multiplier costs."""
    n, count = abs(int(integer)), 0
    while n:
        if n & 1:
            count += 1
            n += 1 if n & 3 == 3 else -1           # ...11 -> next power up, minus one
        n >>= 1
    return count


@dataclass(frozen=True)
class Layer:
    weights: np.ndarray                            # [inputs, outputs] int64
    bias: np.ndarray                               # [outputs] int64, in units of the sum
    weight_exponent: int                           # value = integer * 2^exponent
    sum_exponent: int                              # of W x + b: input exponent + weight exponent
    output_exponent: int                           # after rounding; equal to sum_exponent in the last layer
    output_bits: int                               # unsigned; 0: no rounding, no clamp (last layer)
    weight_bits: int

    def __call__(self, x):
        total = x @ self.weights + self.bias
        if self.output_bits == 0:
            return total
        return np.clip(total >> (self.output_exponent - self.sum_exponent), 0, 2**self.output_bits - 1)

    def adder_levels(self):
        """Depth of a balanced tree over all signed digits of an output and its bias."""
        digits = [sum(map(csd_digits, column)) + 1 for column in self.weights.T]
        return int(np.ceil(np.log2(max(digits))))


@dataclass(frozen=True)
class IntegerNetwork:
    layers: tuple

    @property
    def output_exponent(self):
        return self.layers[-1].output_exponent

    @property
    def outputs(self):
        return self.layers[-1].weights.shape[1]

    def integers(self, features):
        """features [..., inputs] integers (value * 16) -> logits as integers."""
        x = np.asarray(features, np.int64)
        for layer in self.layers:
            x = layer(x)
        return x

    def logits(self, features):
        return self.integers(features) * 2.0**self.output_exponent

    def fast_integers(self, features):
        """The same numbers, faster: float64 holds every sum here exactly (all stay below 2^53)."""
        x = np.asarray(features, np.float64)
        for layer in self.layers:
            x = x @ layer.weights.astype(np.float64)
            x += layer.bias
            if layer.output_bits:
                x *= 2.0 ** (layer.sum_exponent - layer.output_exponent)
                np.floor(x, out=x)
                np.clip(x, 0, 2**layer.output_bits - 1, out=x)
        return x
