"""Golden convolutional networks, as the tools of the field write them: small ones of each kind. Each function returns (model, what it
is for)."""

import numpy as np
from graph import BREVITAS, FINN, QONNX, Graph
from onnx import StringStringEntryProto, TensorAnnotation
from windows import CHANNELS_LAST


def _bipolar(g, *shape, scale=0.5):
    return g.node('BipolarQuant', g.normal(*shape), np.float32(scale), domain=QONNX)


def finn_cnv_one_bit():
    """CNV_1W1A: bipolar convolutions, batch normalization, sign, max pooling, and a fully connected end."""
    g = Graph([1, 3, 7, 7], seed=301, opset=9, ir=6, weights_as_inputs=True)
    x = g.quant('x', 2 ** -7, 8, narrow=0, domain=BREVITAS)
    channels = 3
    for kernels in (4, 4):
        x = g.node('Conv', x, _bipolar(g, kernels, channels, 3, 3), kernel_shape=[3, 3], strides=[1, 1], pads=[0, 0, 0, 0], group=1, dilations=[1, 1])
        x = g.node('BipolarQuant', g.normalize(x, kernels, signs=True), np.float32(1), domain=BREVITAS)
        channels = kernels
    x = g.node('MaxPool', x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.node('Reshape', x, [1, -1])
    x = g.node('BipolarQuant', g.normalize(g.node('MatMul', x, _bipolar(g, 4, 8)), 8), np.float32(1), domain=BREVITAS)
    x = g.node('MatMul', x, _bipolar(g, 8, 3))
    return g.model(g.node('Mul', x, np.float32(0.25))), 'as FINN\'s CNV_1W1A: one-bit weights and activations, negative gains, flatten by Reshape'


def finn_cnv_two_bits():
    """CNV_2W2A: 2 bit narrow quantizers, scales that are no powers of two, ArgMax at the end left out."""
    g = Graph([1, 3, 7, 7], seed=302, opset=11)
    x = g.quant('x', 1 / 128, 8, narrow=0)
    channels = 3
    for kernels in (4, 5):
        weights = g.quant(g.normal(kernels, channels, 3, 3), 0.337, 2, domain=QONNX, narrow=1)
        x = g.quant(g.normalize(g.node('Conv', x, weights), kernels), 1, 2, narrow=1)
        channels = kernels
    x = g.node('MaxPool', x, kernel_shape=[3, 3], strides=[1, 1])
    weights = g.node('Transpose', g.quant(g.normal(3, 5), 0.41, 2, narrow=1), perm=[1, 0])
    return g.model(g.node('MatMul', g.node('Flatten', x), weights)), 'as FINN\'s CNV_2W2A: 2-bit narrow weights and activations, an arbitrary scale'


def finn_streamlined():
    """After FINN's streamlining: integers in float tensors, MultiThreshold, Im2Col, channels last, the input's type as an annotation."""
    g = Graph([1, 5, 5, 2], seed=303, opset=11)
    thresholds = np.sort(g.integers(-900, 900, 4, 3, dtype=np.int32), axis=1).astype(np.float32)
    x = g.node('Im2Col', 'x', domain=FINN, kernel_size=[3, 3], stride=[2, 2], pad_amount=[1, 1, 1, 1], input_shape='(1, 5, 5, 2)')
    x = g.node('MatMul', x, g.integers(-2, 1, 18, 4).astype(np.float32))
    x = g.node('MultiThreshold', x, thresholds, domain=FINN, out_dtype='UINT2', data_layout='NHWC')
    x = g.node('Reshape', x, [1, 36])
    x = g.node('MatMul', x, np.where(g.normal(36, 4) >= 0, 1.0, -1.0).astype(np.float32))
    x = g.node('MultiThreshold', x, np.sort(g.normal(1, 7, scale=6), axis=1), domain=FINN, out_dtype='INT4', out_scale=1.0, out_bias=-4.0)
    model = g.model(g.node('Add', g.node('Mul', x, np.float32(0.125)), np.float32(0.25)))
    annotation = TensorAnnotation(tensor_name='x')
    annotation.quant_parameter_tensor_names.append(StringStringEntryProto(key='finn_datatype', value='UINT8'))
    model.graph.quantization_annotation.append(annotation)
    return model, 'FINN after streamlining: MultiThreshold per channel (channels last) and global, Im2Col, integer weights without a quantizer, input type UINT8'


def brevitas_average_pool():
    """Quantized average pooling as Brevitas writes it: AveragePool, Mul by the window's size, Trunc; old and new form."""
    g = Graph([1, 2, 6, 6], seed=304)
    x = g.quant('x', 0.125, 6, narrow=0)
    x = g.node('Conv', x, g.quant(g.normal(4, 2, 3, 3), 0.25, 3))
    x = g.quant(g.node('Relu', x), 0.25, 4, signed=0, narrow=0)
    x = g.node('Mul', g.node('AveragePool', x, kernel_shape=[2, 2], strides=[2, 2]), np.float32(4))
    x = g.node('Trunc', x, np.float32(0.25), np.float32(0), np.float32(6), np.float32(4), domain=QONNX, rounding_mode='FLOOR')
    x = g.node('Mul', g.node('GlobalAveragePool', x), np.float32(4))
    x = g.node('Trunc', x, np.float32(0.25), np.float32(0), np.float32(6), np.float32(1), np.float32(4), domain=QONNX, rounding_mode='ROUND', signed=0)
    weights = g.quant(g.normal(4, 3, scale=0.4), 0.125, 4)
    return g.model(g.node('MatMul', g.node('Flatten', x), weights)), 'AveragePool, Mul, Trunc as Brevitas exports them, in the form of 5 and of 6 inputs'


def radioml_series():
    """VGG10 of the RadioML challenge in small: I and Q as two channels, 1-D convolutions, 4-bit unsigned activations."""
    g = Graph([1, 2, 32], seed=305)
    x, channels = g.quant('x', 0.03, 8, narrow=0), 2
    for kernels in (4, 4):
        weights = g.quant(g.normal(kernels, channels, 3, scale=0.4), g.random.uniform(0.05, 0.2, (kernels, 1, 1)).astype(np.float32), 4)
        x = g.node('Relu', g.normalize(g.node('Conv', x, weights, kernel_shape=[3], pads=[1, 1]), kernels))
        x = g.node('MaxPool', g.quant(x, 0.21, 4, signed=0, narrow=0), kernel_shape=[2], strides=[2])
        channels = kernels
    x = g.node('Flatten', x)
    x = g.quant(g.node('Relu', g.node('MatMul', x, g.quant(g.normal(32, 8, scale=0.3), 0.09, 4))), 0.5, 4, signed=0, narrow=0)
    return g.model(g.node('MatMul', x, g.quant(g.normal(8, 4), 0.25, 4))), '1-D convolutions with scales per channel, batch normalization, max pooling: VGG10 of RadioML in small'


def mobilenet_qdq():
    """A depthwise and a pointwise convolution as static quantization writes them: QDQ, weights per channel, biases of 32 bits."""
    g = Graph([1, 3, 6, 6], seed=306)
    x, step = g.qdq('x', 0.0214, np.uint8(114)), 0.0214
    for kernels, inner, groups, pads in ((3, 1, 3, 1), (5, 3, 1, 0)):
        size = 3 if groups > 1 else 1
        steps = g.random.uniform(0.002, 0.01, kernels).astype(np.float32)
        weights = g.dequantized(g.integers(-127, 127, kernels, inner, size, size), steps, np.zeros(kernels, np.int8), axis=0)
        bias = g.dequantized(g.integers(-3000, 3000, kernels, dtype=np.int32), (steps * np.float32(step)).astype(np.float32), np.zeros(kernels, np.int32), axis=0)
        x = g.node('Conv', x, weights, bias, group=groups, pads=[pads] * 4, strides=[2, 2] if groups > 1 else [1, 1])
        x, step = g.qdq(g.node('Clip', x, np.float32(0), np.float32(6)), 0.0117, np.uint8(0)), 0.0117
    x = g.qdq(g.node('GlobalAveragePool', x), 0.0113, np.uint8(3))
    weights = g.dequantized(g.integers(-127, 127, 4, 5), np.float32(0.0061), np.int8(0))
    x = g.node('Gemm', g.node('Flatten', x), weights, transB=1)
    return g.model(g.qdq(x, 0.0319, np.uint8(128))), 'QDQ as ONNX Runtime quantizes: depthwise and pointwise, weights per channel, int32 biases, ReLU6, global average'


def qdq_small_integers():
    """int16 activations, int8 weights behind a Transpose, uint16 result."""
    g = Graph([1, 2, 5, 4], seed=307)
    x = g.qdq('x', 0.00021, np.int16(0))
    weights = g.node('Transpose', g.dequantized(g.integers(-7, 7, 2, 3, 2, 2), g.random.uniform(0.05, 0.1, 3).astype(np.float32), np.zeros(3, np.int8), axis=1), perm=[1, 0, 2, 3])
    x = g.qdq(g.node('Conv', x, weights, strides=[1, 2]), 0.0007, np.uint16(32768))
    x = g.node('ReduceMean', x, axes=[2, 3], keepdims=0)
    return g.model(g.node('MatMul', x, g.dequantized(g.integers(-100, 100, 3, 2), np.float32(0.011)))), 'QDQ of 16 bits, weights DequantizeLinear -> Transpose, ReduceMean'


def decoder():
    """Transposed convolutions of a decoder."""
    g = Graph([1, 6], seed=308)
    x = g.quant('x', 0.125, 6, narrow=0)
    x = g.node('Reshape', g.quant(g.node('Relu', g.node('MatMul', x, g.quant(g.normal(6, 8), 0.25, 3))), 0.3, 4, signed=0, narrow=0), [1, 2, 2, 2])
    x = g.node('ConvTranspose', x, g.quant(g.normal(2, 3, 3, 3), 0.19, 4), g.normal(3, scale=0.2), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    x = g.quant(g.node('LeakyRelu', x, alpha=0.125), 0.37, 5, narrow=0)
    x = g.node('ConvTranspose', x, g.quant(g.normal(3, 1, 2, 2), 0.25, 3), group=3, strides=[1, 2], dilations=[2, 1])
    x = g.node('ReduceSum', x, [1], keepdims=1)
    return g.model(g.quant(x, 0.5, 6, narrow=0)), 'ConvTranspose with strides, pads, output_padding, groups and dilations; LeakyRelu; ReduceSum over channels'


def channels_last():
    """The channels-last domain of QONNX, not declared by the file."""
    g = Graph([1, 6, 6, 2], seed=309)
    x = g.quant('x', 0.125, 5, narrow=0)
    x = g.node('Conv', x, g.quant(g.normal(4, 3, 3, 2), 0.25, 3), domain=CHANNELS_LAST, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    x = g.node('BatchNormalization', x, g.random.uniform(0.5, 1.5, 4).astype(np.float32), g.normal(4, scale=0.3), g.normal(4, scale=0.3),
               g.random.uniform(0.3, 2, 4).astype(np.float32), domain=CHANNELS_LAST, epsilon=1e-5, momentum=0.9)
    x = g.quant(g.node('Relu', x), 0.4, 3, signed=0, narrow=0)
    x = g.node('MaxPool', x, domain=CHANNELS_LAST, kernel_shape=[2, 2], strides=[2, 2])
    x = g.node('AveragePool', x, domain=CHANNELS_LAST, kernel_shape=[3, 2], strides=[1, 1])
    return g.model(g.quant(x, 0.11, 5, narrow=0)), 'Conv, BatchNormalization, MaxPool and AveragePool of the channels-last domain'


def branches():
    """Branches that meet again: skip, concatenation with a constant plane, an addition that repeats a mean, extremes."""
    g = Graph([1, 2, 4, 4], seed=310)
    x = g.quant('x', 0.25, 5, narrow=0)
    conv = g.quant(g.node('Conv', x, g.quant(g.normal(2, 2, 3, 3), 0.25, 3), auto_pad='SAME_UPPER'), 0.25, 6, narrow=0)
    x = g.node('Add', x, conv)
    x = g.node('Add', g.node('ReduceMax', x, axes=[2, 3]), x)
    x = g.node('Concat', x, g.integers(-2, 2, 1, 1, 4, 4).astype(np.float32), axis=1)
    x = g.node('Max', x, g.node('Mul', x, np.float32(0.5)), np.float32(-3))
    x = g.node('Min', x, g.normal(3, 1, 1, scale=4))
    x = g.quant(x, 0.23, 4, narrow=0)
    weights = g.quant(g.normal(4, 3), 0.25, 3)
    x = g.node('MatMul', x, weights)
    return g.model(g.node('ReduceMean', x, axes=[1, 3], keepdims=0)), \
        'skip connection, ReduceMax repeated over the image, Concat with a constant, Max and Min of several, MatMul on many vectors'


def float_keras_image():
    """As Keras exports: channels-last input between Transposes, SAME padding, batch normalization, dense layers."""
    g = Graph(['batch', 8, 8, 1], seed=311, opset=11, ir=5, weights_as_inputs=True)
    x, channels = g.node('Transpose', 'x', perm=[0, 3, 1, 2]), 1
    for kernels in (3, 4):
        x = g.node('Conv', x, g.normal(kernels, channels, 3, 3, scale=0.4), g.normal(kernels, scale=0.1), auto_pad='SAME_UPPER', strides=[1, 1], kernel_shape=[3, 3], dilations=[1, 1], group=1)
        x = g.node('MaxPool', g.node('Relu', g.normalize(x, kernels, epsilon=1e-3)), kernel_shape=[2, 2], strides=[2, 2], auto_pad='VALID')
        channels = kernels
    x = g.node('Reshape', g.node('Transpose', x, perm=[0, 2, 3, 1]), [-1, 16])
    x = g.node('Add', g.node('MatMul', x, g.normal(16, 4, scale=0.4)), g.normal(4, scale=0.1))
    return g.model(g.node('Softmax', x)), 'float, Keras: NHWC input, Transposes, SAME_UPPER, BatchNormalization, Softmax'


def float_torch_image():
    """As PyTorch exports: symbolic batch, flatten by shape arithmetic, adaptive pooling."""
    g = Graph(['batch', 1, 8, 8], seed=312, opset=17)
    x = g.node('Relu', g.node('Conv', 'x', g.normal(3, 1, 3, 3, scale=0.5), g.normal(3, scale=0.1), dilations=[1, 1], group=1, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]))
    x = g.node('LeakyRelu', g.node('Conv', x, g.normal(4, 3, 2, 2, scale=0.4), g.normal(4, scale=0.1)), alpha=0.1)
    x = g.node('ReduceMean', x, axes=[-1, -2], keepdims=1)
    batch = g.node('Unsqueeze', g.node('Gather', g.node('Shape', x), np.int64(0), axis=0), [0])
    x = g.node('Reshape', x, g.node('Concat', batch, [-1], axis=0))
    return g.model(g.node('Gemm', x, g.normal(3, 4, scale=0.6), g.normal(3, scale=0.2), transB=1)), 'float, PyTorch: strides, ReduceMean as adaptive pooling, flatten by shape arithmetic'


ALL = [finn_cnv_one_bit, finn_cnv_two_bits, finn_streamlined, brevitas_average_pool, radioml_series, mobilenet_qdq, qdq_small_integers, decoder,
       channels_last, branches, float_keras_image, float_torch_image]
