"""Golden networks in plain ONNX: float ones, and quantized ones with QuantizeLinear and DequantizeLinear. Each function
returns (model, what it is for)."""

import numpy as np
from graph import Graph
from onnx import StringStringEntryProto, TensorProto, numpy_helper


def qdq_symmetric():
    g = Graph([1, 12], seed=201)
    x = g.qdq('x', 0.0307, np.int8(0))
    weights = g.dequantized(g.integers(-127, 127, 10, 12), g.random.uniform(0.002, 0.01, 10).astype(np.float32), np.zeros(10, np.int8), axis=0)
    bias = g.dequantized(g.integers(-2000, 2000, 10, dtype=np.int32), np.float32(0.0307 * 0.004))
    x = g.qdq(g.node('Relu', g.node('Gemm', x, weights, bias, transB=1)), 0.0231, np.int8(-128))
    weights = g.dequantized(g.integers(-127, 127, 10, 6), np.float32(0.0061), np.int8(0))
    return g.model(g.qdq(g.node('MatMul', x, weights), 0.05, np.int8(3))), 'QDQ int8 with weights per channel, int32 biases, zero points -128 and 3'


def qdq_unsigned():
    """Zero points are odd: they are added behind the rounding, and a tie shows it."""
    g = Graph([1, 10], seed=202)
    x = g.qdq('x', 0.0625, np.uint8(127))
    x = g.node('MatMul', x, g.dequantized(g.integers(0, 255, 10, 8, dtype=np.uint8), np.float32(2 ** -6), np.uint8(121)))
    x = g.qdq(g.node('Add', x, g.normal(8)), 0.25, np.uint8(77))
    x = g.node('MatMul', x, g.dequantized(g.integers(-128, 127, 8, 5), g.random.uniform(0.01, 0.02, 5).astype(np.float32), g.integers(-9, 9, 5), axis=1))
    return g.model(x), 'QDQ uint8, odd zero points and ties, zero points per channel on weights, float bias'


def qdq_largest():
    g = Graph([1, 6], seed=203, input_type=TensorProto.INT8)
    x = g.node('DequantizeLinear', 'x', g.constant(0.04), g.constant(5, np.int8))
    x = g.node('Gemm', x, g.dequantized(g.integers(-100, 100, 6, 8), np.float32(0.011)), g.normal(8))
    x = g.qdq(g.node('Clip', x, np.float32(-1), np.float32(6)), 0.0313, np.int16(11))
    x = g.node('MatMul', x, g.dequantized(g.integers(-100, 100, 8, 6), np.float32(0.013)))
    return g.model(g.node('ArgMax', x, axis=-1), output_type=7), 'int8 inputs, int16 activations, Clip, ArgMax'


def gemm_forms():
    g = Graph([1, 7], seed=204)
    x = g.quant('x', 0.0625, 7, narrow=0)
    column = g.node('Transpose', x)
    x = g.node('Gemm', g.quant(g.normal(7, 9, scale=0.4), 0.125, 4), column, g.quant(g.normal(9, 1), 0.125, 6), transA=1, alpha=0.5, beta=2.0)
    x = g.quant(g.node('Transpose', x), 0.125, 5, narrow=0)
    x = g.quant(g.node('Gemm', x, g.quant(g.normal(9, 8, scale=0.4), 0.125, 4)), 0.25, 5, narrow=0)
    x = g.quant(g.node('Gemm', x, g.quant(g.normal(8, 8, scale=0.4), 0.125, 4), np.float32(0.375), alpha=-1.5, transB=1), 0.25, 5, narrow=0)
    left = g.node('MatMul', g.quant(g.normal(6, 8, scale=0.4), 0.125, 4), g.node('Transpose', x))
    x = g.quant(g.node('Transpose', left), 0.25, 5, narrow=0)
    return g.model(g.node('Gemm', x, g.quant(g.normal(6, 4, scale=0.4), 0.125, 4), np.float32([[1, 0, -1, 0.5]]), beta=0.25)), \
        'Gemm with alpha, beta, transA, transB, without bias, with a scalar and a [1, n] bias, the constant on the left; MatMul likewise'


def constants_and_arithmetic():
    g = Graph([1, 8], seed=205)
    x = g.quant('x', 0.0625, 8, narrow=0)
    x = g.node('Div', g.node('Mul', np.float32([2, -1, 0.5, 4, 1, -2, 0, 1]), x), np.float32(2))
    x = g.node('Sub', np.float32([0.5] * 8), g.node('Neg', g.node('Sub', x, g.normal(8).round(3))))
    x = g.quant(x, 0.25, 6, narrow=0)
    x = g.node('MatMul', x, g.quant(g.normal(8, 6), 0.25, 3))
    x = g.node('Add', g.node('Constant', value_floats=[0.5, -0.5, 1.0, 0.0, 2.0, -2.0]), x)
    x = g.node('Mul', x, g.node('Constant', value_float=0.5))
    x = g.node('Add', x, g.node('Constant', value=numpy_helper.from_array(np.float32([[0.25]]))))
    x = g.node('Reshape', x, g.node('Constant', value_ints=[-1, 2, 3]))
    return g.model(g.node('Reshape', x, g.node('Unsqueeze', g.node('Constant', value_int=6), [0]))), \
        'Mul, Div, Sub, Neg, Add with constants on either side and per channel, one 0; Constant nodes of every form'


def reshapes():
    g = Graph([1, 2, 3, 2], seed=206)
    x = g.quant('x', 0.125, 6, narrow=0)
    x = g.node('Dropout', g.node('Identity', g.node('Transpose', x, perm=[0, 3, 1, 2])))
    x = g.node('Unsqueeze', g.node('Flatten', x), [0, 2])
    x = g.node('Cast', g.node('Squeeze', x, [0, 2]), to=1)
    x = g.quant(g.node('MatMul', x, g.quant(g.normal(12, 6, scale=0.4), 0.125, 4)), 0.25, 5, narrow=0)
    x = g.node('Transpose', g.node('Reshape', x, [0, 2, 3]), perm=[0, 2, 1])
    x = g.node('Flatten', x, axis=0)
    return g.model(g.node('MatMul', x, g.quant(g.normal(6, 4, scale=0.4), 0.125, 4))), \
        'Transpose that moves elements, Flatten (axis 0 too), Reshape with 0, Squeeze, Unsqueeze, Identity, Dropout, Cast'


def old_export():
    g = Graph([1, 8], seed=207, opset=6, ir=3, weights_as_inputs=True)
    x = g.node('Gemm', 'x', g.normal(8, 10, scale=0.4), g.normal(10), broadcast=1)
    parameters = [np.abs(g.normal(10)) + 0.5 for _ in range(4)]
    x = g.node('Relu', g.node('BatchNormalization', x, *parameters, is_test=1, consumed_inputs=[0, 0, 0, 1, 1]))
    x = g.node('Dropout', x, is_test=1, ratio=0.3)
    x = g.node('MatMul', x, g.normal(10, 4, scale=0.4))
    return g.model(g.node('Softmax', g.node('Add', x, g.normal(4), broadcast=1, axis=1))), 'opset 6, IR 3, weights listed as inputs, broadcast and axis attributes'


def float_torch():
    g = Graph(['batch', 12], seed=208, opset=17)
    x = g.normalize('x', 12)
    for inputs, outputs in ((12, 16), (16, 10)):
        x = g.node('Relu', g.normalize(g.node('Gemm', x, g.normal(outputs, inputs, scale=0.3), g.normal(outputs, scale=0.2), transB=1), outputs))
    return g.model(g.node('Gemm', x, g.normal(4, 10, scale=0.3), g.normal(4, scale=0.2), transB=1)), 'float, symbolic batch, batch normalization of the input and behind every layer'


def float_keras():
    g = Graph([1, 8], seed=209, opset=9, ir=3, weights_as_inputs=True)
    x = g.node('Clip', g.node('Add', g.node('MatMul', 'x', g.normal(8, 12, scale=0.4)), g.normal(12, scale=0.2)), min=0.0, max=6.0)
    x = g.node('Identity', x)
    return g.model(g.node('Softmax', g.node('Add', g.node('MatMul', x, g.normal(12, 4, scale=0.4)), g.normal(4)), axis=1)), 'float, Clip to 6, Softmax at the end'


def float_wide_inputs():
    """Counts of 0 to 4095, as an ADC gives them: the default input format would clip them."""
    g = Graph([1, 6], seed=210)
    x = g.node('Relu', g.node('Gemm', g.node('Div', 'x', np.float32(4096)), g.normal(6, 10), g.normal(10, scale=0.2)))
    return g.model(g.node('Gemm', x, g.normal(10, 3, scale=0.4), g.normal(3, scale=0.2))), 'float, inputs far outside fixed<16,6>'


def float_small_inputs():
    """Values of a few thousandths with 24 significant bits: fixed<16,6> would round them to nothing."""
    g = Graph([1, 6], seed=211)
    x = g.node('Relu', g.node('Gemm', 'x', g.normal(6, 10, scale=200), g.normal(10, scale=0.2)))
    return g.model(g.node('Gemm', x, g.normal(10, 3, scale=0.4), g.normal(3, scale=0.2))), 'float, inputs of 1e-3 that lie on no grid'


def external_weights():
    """Weights in a file beside the model, and float16 ones inside."""
    g = Graph([1, 8], seed=212)
    first = g.normal(8, 8, scale=0.4)
    x = g.node('Relu', g.node('Gemm', 'x', first, g.normal(8)))
    x = g.node('MatMul', x, g.node('Cast', g.constant(g.normal(8, 3, scale=0.4), np.float16), to=1))
    model = g.model(x)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.dims == [8, 8])
    tensor.ClearField('raw_data')
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (('location', 'weights.bin'), ('offset', '64'), ('length', str(first.nbytes))):
        tensor.external_data.append(StringStringEntryProto(key=key, value=value))
    return model, 'float, weights stored beside the model at an offset, float16 weights', {'weights.bin': bytes(64) + first.tobytes()}


ALL = [qdq_symmetric, qdq_unsigned, qdq_largest, gemm_forms, constants_and_arithmetic, reshapes, old_export, float_torch, float_keras,
       float_wide_inputs, float_small_inputs, external_weights]
