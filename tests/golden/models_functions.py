"""Golden networks with functions of one element: sigmoid, tanh, gelu and the like."""

import numpy as np
from graph import Graph


def _dense(g, x, inputs, outputs, scale=2 ** -5, bits=6):
    return g.node('MatMul', x, g.quant(g.normal(inputs, outputs, scale=0.5), scale, bits))


def functions_of_tables():
    """Each function between two quantizers of few bits."""
    g = Graph([1, 6], seed=301, opset=14)
    x = g.quant('x', 2 ** -5, 9, narrow=0)
    parts = []
    for operator, attributes, scale, signed in (
            ('Sigmoid', {}, 2 ** -8, 0), ('Tanh', {}, 2 ** -7, 1), ('Elu', {'alpha': 0.7}, 2 ** -5, 1), ('Selu', {}, 0.031, 1), ('Softplus', {}, 2 ** -5, 0),
            ('Softsign', {}, 2 ** -7, 1), ('HardSwish', {}, 2 ** -5, 1), ('Celu', {'alpha': 1.3}, 0.03, 1), ('Erf', {}, 2 ** -7, 1), ('HardSigmoid', {'alpha': 0.25}, 2 ** -8, 0)):
        value = g.quant(_dense(g, x, 6, 3), 2 ** -6, 10, narrow=0)
        parts.append(g.quant(g.node(operator, value, **attributes), scale, 8, signed=signed, narrow=0))
    return g.model(_dense(g, g.node('Concat', *parts, axis=1), 30, 4)), 'Sigmoid, Tanh, Elu, Selu, Softplus, Softsign, HardSwish, Celu, Erf, HardSigmoid between quantizers'


def functions_of_comparators():
    """No quantizer before the function: sums of many bits, results of few, scales and biases per channel."""
    g = Graph([1, 8], seed=302, opset=14)
    x = g.quant('x', 2 ** -9, 14, narrow=0)
    x = g.node('Add', _dense(g, x, 8, 10, scale=g.random.uniform(0.01, 0.05, (1, 10)).astype(np.float32)), g.normal(10, scale=0.4))
    parts = [g.quant(g.node(operator, x), scale, 5, signed=signed, narrow=0, rounding_mode=mode)
             for operator, scale, signed, mode in (('Sigmoid', 2 ** -5, 0, 'ROUND'), ('Tanh', 0.07, 1, 'FLOOR'), ('HardSwish', 0.11, 1, 'ROUND'), ('Softplus', 0.13, 0, 'HALF_UP'))]
    parts.append(g.quant(g.node('Mul', x, g.node('Sigmoid', x)), 0.05, 5, narrow=0))
    return g.model(_dense(g, g.node('Concat', *parts, axis=1), 50, 3)), 'Sigmoid, Tanh, HardSwish, Softplus, x Sigmoid(x) of wide sums: comparators, rising and falling'


def sigmoid_at_the_end():
    g = Graph([1, 8], seed=303)
    x = g.quant('x', 0.125, 6, narrow=0)
    x = g.quant(g.node('Relu', _dense(g, x, 8, 10)), 0.25, 5, signed=0, narrow=0)
    return g.model(g.node('Sigmoid', g.node('Add', _dense(g, x, 10, 4, scale=0.0371), g.normal(4)))), 'Sigmoid at the end, scale no power of two: integers on the host'


def softmax_of_channels():
    """Logits on scales of their own."""
    g = Graph([1, 8], seed=304)
    x = g.quant('x', 0.125, 6, narrow=0)
    x = g.quant(g.node('Relu', _dense(g, x, 8, 10)), 0.25, 5, signed=0, narrow=0)
    x = g.node('Add', _dense(g, x, 10, 5, scale=g.random.uniform(0.01, 0.05, (1, 5)).astype(np.float32)), g.normal(5))
    return g.model(g.node('Softmax', x, axis=-1)), 'Softmax of logits with scales and biases per channel'


def float_functions():
    """As PyTorch and Keras export them, gelu and swish written out."""
    g = Graph(['batch', 8], seed=305, opset=14)
    x = g.node('Gemm', 'x', g.normal(12, 8, scale=0.4), g.normal(12, scale=0.3), transB=1)
    half = g.node('Mul', x, np.float32(0.5))
    x = g.node('Mul', half, g.node('Add', g.node('Erf', g.node('Div', x, np.float32(np.sqrt(2)))), np.float32(1)))
    x = g.node('Gemm', x, g.normal(12, 12, scale=0.3), g.normal(12, scale=0.3), transB=1)
    x = g.node('Mul', g.node('Sigmoid', x), x)
    x = g.node('Tanh', g.node('Gemm', x, g.normal(8, 12, scale=0.4), g.normal(8, scale=0.3), transB=1))
    return g.model(g.node('Sigmoid', g.node('Gemm', x, g.normal(3, 8, scale=0.6), g.normal(3, scale=0.3), transB=1))), 'float: Gelu and SiLU written out, Tanh, Sigmoid at the end'


ALL = [functions_of_tables, functions_of_comparators, sigmoid_at_the_end, softmax_of_channels, float_functions]
