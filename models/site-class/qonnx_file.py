"""The network as a QONNX file and back: weights and biases behind Quant nodes, MatMul + Add, Relu, Quant (unsigned,
FLOOR), no softmax. A Quant node at the input states the format of the features, fixed<16,12>: it changes none of them. Written in opset 13 and IR version 8, which every tool of today reads."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from integer_network import IntegerNetwork, Layer

INPUT_EXPONENT = -4
DOMAIN = "qonnx.custom_op.general"
BIAS_BITS = 24


def write(path, network, input_names, class_names):
    nodes, constants = [], {}

    def constant(name, value):
        constants[name] = np.asarray(value, np.float32)
        return name

    def quant(name, data, exponent, bits, signed, narrow, rounding):
        nodes.append(helper.make_node(
            "Quant", [data, constant(f"{name}_scale", 2.0**exponent), constant("zero", 0.0), constant(f"{name}_bits", bits)],
            [name], name=name, domain=DOMAIN, signed=signed, narrow=narrow, rounding_mode=rounding))
        return name

    x = quant("input", "features", INPUT_EXPONENT, 16, 1, 0, "ROUND")
    for i, layer in enumerate(network.layers, 1):
        last = layer.output_bits == 0
        assert np.abs(layer.bias).max() < 2**(BIAS_BITS - 1)
        weight = quant(f"weight{i}", constant(f"weight{i}_value", layer.weights * 2.0**layer.weight_exponent),
                       layer.weight_exponent, layer.weight_bits, 1, 1, "ROUND")
        bias = quant(f"bias{i}", constant(f"bias{i}_value", layer.bias * 2.0**layer.sum_exponent),
                     layer.sum_exponent, BIAS_BITS, 1, 0, "ROUND")
        nodes.append(helper.make_node("MatMul", [x, weight], [f"product{i}"], name=f"matmul{i}"))
        nodes.append(helper.make_node("Add", [f"product{i}", bias], ["logits" if last else f"sum{i}"], name=f"add{i}"))
        if not last:
            nodes.append(helper.make_node("Relu", [f"sum{i}"], [f"relu{i}"], name=f"relu_{i}"))
            x = quant(f"hidden{i}", f"relu{i}", layer.output_exponent, layer.output_bits, 0, 0, "FLOOR")
    inputs, outputs = network.layers[0].weights.shape[0], network.outputs
    graph = helper.make_graph(
        nodes, "site-class",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, inputs])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, outputs])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
        doc_string=f"inputs: {', '.join(input_names)}; outputs: log posterior, up to a constant, of {', '.join(class_names)}")
    model = helper.make_model(graph, producer_name="edge models/site-class", producer_version="1",
                              opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(DOMAIN, 1)])
    model.ir_version = 8
    onnx.save(model, path)


def read(path):
    """The integers of a file that `write` wrote; everything it holds is checked against what they mean."""
    model = onnx.load(path)
    value = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    node = {n.name: n for n in model.graph.node}
    exponent = lambda name: int(round(np.log2(value[node[name].input[1]])))
    layers = []
    for i in range(1, 1 + sum(n.op_type == "MatMul" for n in model.graph.node)):
        weight_exponent, sum_exponent = exponent(f"weight{i}"), exponent(f"bias{i}")
        weights, bias = value[f"weight{i}_value"] * 2.0**-weight_exponent, value[f"bias{i}_value"] * 2.0**-sum_exponent
        assert np.all(weights == np.rint(weights)) and np.all(bias == np.rint(bias))
        hidden = f"hidden{i}" in node
        layers.append(Layer(weights.astype(np.int64), bias.astype(np.int64), weight_exponent, sum_exponent,
                            exponent(f"hidden{i}") if hidden else sum_exponent,
                            int(value[f"hidden{i}_bits"]) if hidden else 0, int(value[f"weight{i}_bits"])))
    return IntegerNetwork(tuple(layers))
