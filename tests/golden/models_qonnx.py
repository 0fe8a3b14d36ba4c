"""Golden networks with QONNX quantizers. Each function returns (model, what it is for)."""

import numpy as np
from graph import BREVITAS, FINN, QONNX, Graph

_EVERY_MODE = ['ROUND', 'CEIL', 'FLOOR', 'UP', 'DOWN', 'HALF_UP', 'HALF_DOWN', 'ROUND_TO_ZERO', 'HALF_EVEN']


def _hidden(g, x, inputs, outputs, bits=4, scale=0.0625, **attributes):
    """Quantized weights (inputs, outputs) and MatMul."""
    return g.node('MatMul', x, g.quant(g.normal(inputs, outputs, scale=0.3), scale, bits, **attributes))


def _rounding(modes, scale):
    g = Graph([1, 10], seed=101 + len(modes))
    x, width = g.quant('x', 2 ** -4, 8, narrow=0), 10
    for mode in modes:
        x = g.quant(_hidden(g, x, width, 8), scale, 6, zero=3 if mode == 'UP' else 0, rounding_mode=mode, narrow=0)
        width = 8
    return g.model(_hidden(g, x, width, 4))


def rounding_modes_tied():
    """Steps that are powers of two, so that exact ties and exact integers reach every mode."""
    return _rounding(_EVERY_MODE, 2 ** -2), 'every rounding_mode, steps of a power of two: ties are common'


def rounding_modes_scaled():
    return _rounding(_EVERY_MODE[::-1], 0.2173), 'every rounding_mode, a step that is no power of two'


def domains_and_limits():
    g = Graph([1, 12], seed=103)
    x = g.quant('x', 0.05, 7, domain=BREVITAS, signed=1, narrow=1)
    x = g.node('MatMul', x, g.quant(g.normal(12, 10), 0.25, 3, domain=FINN, signed=1, narrow=0))
    x = g.quant(g.node('Relu', x), 0.3, 3, domain=FINN, signed=0, narrow=1)
    x = g.node('MatMul', x, g.quant(g.normal(10, 10), 0.11, 4, domain=BREVITAS))
    x = g.quant(x, 0.21, 5, domain=QONNX, signed=1, narrow=0)
    x = g.node('MatMul', x, g.quant(np.abs(g.normal(10, 6)), 0.5, 2, domain=QONNX, signed=0, narrow=0))
    return g.model(x), 'Quant of the three domains; signed and unsigned, narrow and not; defaults of absent attributes'


def zero_points():
    g = Graph([1, 8], seed=104)
    x = g.quant('x', 0.0371, 8, zero=37, signed=0, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(8, 8, scale=0.4), 0.0113, 6, zero=2, signed=1, narrow=0))
    x = g.node('Relu', g.node('Add', x, g.normal(8, scale=0.3)))
    x = g.quant(x, 0.02, 6, zero=-5, narrow=0)
    return g.model(_hidden(g, x, 8, 5)), 'zero points other than 0, odd ones too, on activations and weights; a float bias'


def one_bit():
    g = Graph([1, 24], seed=105)
    x = g.node('Sub', g.node('Mul', 'x', np.float32(2)), np.float32(1))
    x = g.node('BipolarQuant', x, np.float32(1), domain=QONNX)
    x = g.node('MatMul', x, g.node('BipolarQuant', g.normal(24, 12), np.float32(0.25), domain=QONNX))
    x = g.quant(g.normalize(x, 12, signs=True), 1, 1, domain=FINN)
    x = g.node('MatMul', x, g.quant(g.normal(12, 12), 0.5, 1))
    x = g.node('BipolarQuant', x, np.float32(0.37), domain=BREVITAS)
    return g.model(_hidden(g, x, 12, 4)), 'one bit: BipolarQuant and Quant of one signed bit (-1 and +1), sign(0) = +1, inputs 2x - 1'


def image_prologue():
    """As Brevitas exports its small networks: batch read from the shape, bipolar input, weights Quant -> Transpose."""
    g = Graph([1, 1, 6, 6], seed=106, opset=9, ir=6, weights_as_inputs=True)
    x = g.node('Sub', g.node('Mul', 'x', np.float32(2)), np.float32(1))
    x = g.quant(x, 1, 2, domain=BREVITAS)
    batch = g.node('Unsqueeze', g.node('Gather', g.node('Shape', 'x'), np.int64(0), axis=0), axes=[0])
    x = g.node('Reshape', x, g.node('Concat', batch, [-1], axis=0))
    for inputs, outputs in ((36, 16), (16, 16)):
        weights = g.node('Transpose', g.quant(g.normal(outputs, inputs), 1, 2, domain=BREVITAS), perm=[1, 0])
        x = g.quant(g.normalize(g.node('MatMul', x, weights), outputs, signs=True), 1, 2, domain=BREVITAS)
    x = g.node('MatMul', x, g.node('Transpose', g.quant(g.normal(10, 16), 1, 2, domain=BREVITAS), perm=[1, 0]))
    x = g.node('Sub', x, np.float32([0.37]))
    x = g.node('Div', x, g.node('Pow', g.node('Add', np.float32([7.4]), np.float32([1e-4])), np.float32(0.5)))
    x = g.node('Add', g.node('Mul', x, np.float32([-1.3])), np.float32([0.2]))
    return g.model(x), 'flatten by shape arithmetic, 2x - 1, weights Quant -> Transpose -> MatMul, negative batch-normalization gains, one written out with Pow'


def batch_normalization_everywhere():
    g = Graph([1, 10], seed=107)
    x = g.quant(g.normalize('x', 10), 0.0625, 8, narrow=0)
    x = g.node('Relu', g.normalize(_hidden(g, x, 10, 12), 12))
    x = g.quant(g.normalize(x, 12, signs=True), 0.17, 5, narrow=0)
    x = g.normalize(_hidden(g, x, 12, 8), 8, epsilon=0.01)
    x = g.quant(g.node('Relu', x), 0.125, 4, signed=0, narrow=0)
    x = g.node('BatchNormalization', _hidden(g, x, 8, 8), np.full(8, 1e-8, np.float32), g.normal(8, scale=0.5), g.normal(8), np.ones(8, np.float32))
    x = g.quant(x, 0.25, 4)
    return g.model(g.normalize(_hidden(g, x, 8, 5), 5, signs=True)), 'batch normalization before, behind, and behind Relu with gains of both signs; gains of 1e-8; one at the end'


def per_channel_everywhere():
    g = Graph([1, 9], seed=108)
    scales = lambda n: g.random.uniform(0.01, 0.2, n).astype(np.float32)
    x = g.quant('x', 0.03125, 8, narrow=0)
    x = g.node('Gemm', x, g.quant(g.normal(11, 9, scale=0.5), scales(11)[:, None], 5), g.quant(g.normal(11), scales(11), 8), transB=1)
    x = g.quant(g.node('Relu', x), scales(11)[None, :], 4, signed=0, narrow=0)
    x = g.node('Mul', x, g.random.uniform(0.5, 2, 11).astype(np.float32).round(2))
    x = g.quant(x, 0.05, 5, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(11, 6, scale=0.5), scales(6), 4))
    return g.model(x), 'scales per channel on weights, biases and activations; a product per channel between quantizers'


def power_of_two_softmax():
    """As QKeras exports: no input quantizer, everything a power of two, Softmax at the end."""
    g = Graph([1, 12], seed=109, opset=9, ir=4)
    x = 'x'
    for inputs, outputs in ((12, 16), (16, 12)):
        x = g.node('MatMul', x, g.quant(g.normal(inputs, outputs, scale=0.4), 2 ** -5, 6, domain=FINN, narrow=0))
        x = g.node('Relu', g.node('Add', x, g.quant(g.normal(outputs, scale=0.4), 2 ** -5, 6, domain=FINN, narrow=0)))
        x = g.quant(x, 2 ** -6, 6, domain=FINN, signed=0, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(12, 5, scale=0.4), 2 ** -5, 6, domain=FINN, narrow=0))
    x = g.node('Add', x, g.quant(g.normal(5, scale=0.4), 2 ** -5, 6, domain=FINN, narrow=0))
    return g.model(g.node('Softmax', x, axis=1)), 'no input quantizer, powers of two, Softmax at the end'


def residual():
    g = Graph([1, 8], seed=110)
    x = g.quant('x', 2 ** -4, 6, narrow=0)
    branch = g.quant(g.node('Relu', _hidden(g, x, 8, 8)), 2 ** -3, 4, signed=0, narrow=0)
    branch = g.quant(_hidden(g, branch, 8, 8), 2 ** -4, 6, narrow=0)
    x = g.quant(g.node('Add', x, branch), 2 ** -3, 6, narrow=0)
    x = g.node('Sub', _hidden(g, x, 8, 8), g.node('Mul', x, np.float32(0.75)))
    return g.model(x), 'two branches that meet again in Add and Sub'


def largest_of_outputs():
    g = Graph([1, 10], seed=111)
    x = g.quant('x', 0.0413, 8, narrow=0)
    x = g.quant(g.node('Relu', _hidden(g, x, 10, 12, scale=0.0737)), 0.0911, 4, signed=0, narrow=0)
    x = g.node('Add', _hidden(g, x, 12, 7, scale=0.0529), g.normal(7, scale=0.4))
    return g.model(g.node('ArgMax', x, axis=1, keepdims=0), output_type=7), 'ArgMax behind scales that are no powers of two and a float bias'


def largest_behind_softmax():
    g = Graph([1, 6], seed=112)
    x = g.quant('x', 0.25, 5, narrow=0)
    x = g.node('Softmax', _hidden(g, x, 6, 6, bits=2, scale=0.5), axis=-1)
    return g.model(g.node('ArgMax', x, axis=-1, keepdims=1), output_type=7), 'ArgMax behind Softmax; equal outputs are common, the first counts'


def long_sums():
    g = Graph([1, 40], seed=113)
    x = g.quant('x', 2 ** -13, 16, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(40, 12), 2 ** -13, 16))
    x = g.quant(x, 2 ** -10, 20, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(12, 12), 2 ** -20, 22))
    x = g.quant(g.node('Relu', x), 2 ** -14, 24, signed=0, narrow=0)
    return g.model(g.node('MatMul', x, g.quant(g.normal(12, 4), 2 ** -24, 26))), 'sums beyond 2^24 and beyond 2^53: float32, then float64, cannot hold them'


def dead_neurons():
    g = Graph([1, 8], seed=114)
    x = g.quant('x', 0.125, 6, narrow=0)
    weights = g.normal(8, 10, scale=0.4)
    weights[:, [2, 5]] = 0
    weights[:, 7] = 1e-6
    x = g.node('Add', g.node('MatMul', x, g.quant(weights, 0.0625, 4)), np.float32([0, 0, -1, 0, 0, 0.7, 0, 0.1, 0, 0]))
    x = g.quant(g.node('Relu', x), 0.25, 3, signed=0, narrow=0)
    last = g.normal(10, 5, scale=0.4)
    last[:, 1] = 0
    return g.model(g.node('MatMul', x, g.quant(last, 0.0625, 4))), 'columns of zeros, an output that is always 0, a neuron that never fires'


ALL = [rounding_modes_tied, rounding_modes_scaled, domains_and_limits, zero_points, one_bit, image_prologue, batch_normalization_everywhere,
       per_channel_everywhere, power_of_two_softmax, residual, largest_of_outputs, largest_behind_softmax, long_sums, dead_neurons]
