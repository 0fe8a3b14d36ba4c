"""Builds small ONNX graphs, one call a node."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

QONNX = 'qonnx.custom_op.general'
FINN = 'finn.custom_op.general'
BREVITAS = 'onnx.brevitas'


class Graph:
    """A graph with one input "x" and one output "y"; constants become initializers."""

    def __init__(self, shape, seed, opset=13, ir=8, weights_as_inputs=False, input_type=TensorProto.FLOAT):
        self.random = np.random.default_rng(seed)
        self.shape = shape
        self.opset = opset
        self.ir = ir
        self.weights_as_inputs = weights_as_inputs
        self.nodes = []
        self.initializers = []
        self._input = helper.make_tensor_value_info('x', input_type, shape)

    def constant(self, value, dtype=np.float32, name=None):
        """A new initializer; numbers that are given as float32 unless a type is named."""
        name = name or f'c{len(self.initializers)}'
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def node(self, operator, *inputs, domain='', **attributes):
        """Inputs are names, or values that become constants (integers int64, others float32)."""
        names = [value if isinstance(value, str) else self._constant_of(value) for value in inputs]
        output = f'v{len(self.nodes)}'
        self.nodes.append(helper.make_node(operator, names, [output], name=f'{operator}_{len(self.nodes)}', domain=domain, **attributes))
        return output

    def quant(self, x, scale, bits, zero=0.0, domain=QONNX, **attributes):
        """QONNX Quant; x may be a name or an array."""
        return self.node('Quant', x, np.float32(scale), np.float32(zero), np.float32(bits), domain=domain, **attributes)

    def qdq(self, x, scale, zero, axis=None):
        """QuantizeLinear and DequantizeLinear; the zero point's type says to what."""
        more = {} if axis is None else {'axis': axis}
        scale, zero = self.constant(scale), self.constant(zero, np.asarray(zero).dtype)
        return self.node('DequantizeLinear', self.node('QuantizeLinear', x, scale, zero, **more), scale, zero, **more)

    def dequantized(self, integers, scale, zero=None, axis=None):
        """A constant stored as integers, as QDQ models keep their weights."""
        more = {} if axis is None else {'axis': axis}
        inputs = [self.constant(integers, integers.dtype), self.constant(scale)]
        return self.node('DequantizeLinear', *inputs, *([] if zero is None else [self.constant(zero, np.asarray(zero).dtype)]), **more)

    def normal(self, *shape, scale=1.0):
        return (self.random.standard_normal(shape) * scale).astype(np.float32)

    def integers(self, low, high, *shape, dtype=np.int8):
        """Integers low to high, both included."""
        return self.random.integers(low, high + 1, shape).astype(dtype)

    def normalize(self, x, channels, signs=False, epsilon=1e-5):
        """BatchNormalization with plausible parameters; `signs`: every other gain is negative."""
        gain = self.random.uniform(0.5, 1.5, channels) * (np.where(np.arange(channels) % 2, -1, 1) if signs else 1)
        return self.node('BatchNormalization', x, gain.astype(np.float32), self.normal(channels, scale=0.3), self.normal(channels, scale=0.3),
                         self.random.uniform(0.3, 2, channels).astype(np.float32), epsilon=epsilon)

    def model(self, result, output_type=TensorProto.FLOAT, domains=()):
        self.nodes[-1].output[0] = 'y' if self.nodes[-1].output[0] == result else self.nodes[-1].output[0]
        if result != self.nodes[-1].output[0] and self.nodes[-1].output[0] != 'y':
            raise ValueError(f'{result} is not what the last node makes')
        inputs = [self._input]
        if self.weights_as_inputs:
            inputs += [helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims) for tensor in self.initializers]
        graph = helper.make_graph(self.nodes, 'golden', inputs, [helper.make_tensor_value_info('y', output_type, None)], self.initializers)
        opsets = [helper.make_opsetid('', self.opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name='edge-golden')
        model.ir_version = self.ir
        return model

    def _constant_of(self, value):
        array = np.asarray(value)
        return self.constant(array, np.int64 if array.dtype.kind == 'i' and array.dtype != np.int8 else array.dtype if array.dtype != np.float64 else np.float32)
