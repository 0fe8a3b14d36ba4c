using Edge.Networks.Onnx.Format;

namespace Edge.Networks.Onnx;

/// <summary>Which attributes each operator may have. One that is not listed could change what the operator means, so it is
/// refused, as ONNX Runtime does, and never passed over.</summary>
internal static class OperatorAttributes
{
    /// <summary>Attributes that change nothing: of training, of old files, notes of exporters.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "consumed_inputs", "is_test", "momentum", "seed", "ratio", "weight_qnt", "finn_datatype", "_output_shapes", "mlas_layout",
    };

    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["Abs"] = [],
        ["Add"] = ["axis", "broadcast"],
        ["And"] = ["axis", "broadcast"],
        ["ArgMax"] = ["axis", "keepdims", "select_last_index"],
        ["AveragePool"] = ["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"],
        ["BatchNormalization"] = ["epsilon", "training_mode", "spatial"],
        ["BipolarQuant"] = [],
        ["Cast"] = ["to", "saturate", "round_mode"],
        ["Ceil"] = [],
        ["Celu"] = ["alpha"],
        ["Clip"] = ["min", "max"],
        ["Concat"] = ["axis"],
        ["Constant"] = ["value", "value_float", "value_floats", "value_int", "value_ints", "sparse_value", "value_string", "value_strings"],
        ["ConstantOfShape"] = ["value"],
        ["Conv"] = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
        ["ConvInteger"] = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
        ["ConvTranspose"] = ["auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides"],
        ["DepthToSpace"] = ["blocksize", "mode"],
        ["DequantizeLinear"] = ["axis", "block_size", "output_dtype"],
        ["Div"] = ["axis", "broadcast"],
        ["Dropout"] = [],
        ["Elu"] = ["alpha"],
        ["Equal"] = ["axis", "broadcast"],
        ["Erf"] = [],
        ["Exp"] = [],
        ["Expand"] = [],
        ["Flatten"] = ["axis"],
        ["Floor"] = [],
        ["Gather"] = ["axis"],
        ["Gelu"] = ["approximate"],
        ["Gemm"] = ["alpha", "beta", "broadcast", "transA", "transB"],
        ["GlobalAveragePool"] = [],
        ["GlobalMaxPool"] = [],
        ["HardSigmoid"] = ["alpha", "beta"],
        ["HardSwish"] = [],
        ["Identity"] = [],
        ["Im2Col"] = ["depthwise", "dilations", "input_shape", "kernel_size", "pad_amount", "pad_value", "stride"],
        ["IntQuant"] = ["narrow", "rounding_mode", "signed"],
        ["LeakyRelu"] = ["alpha"],
        ["MatMul"] = [],
        ["MatMulInteger"] = [],
        ["Max"] = [],
        ["MaxPool"] = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"],
        ["MaxPoolNHWC"] = ["ceil_mode", "kernel_shape", "pads", "strides"],
        ["Mean"] = [],
        ["Min"] = [],
        ["Mish"] = [],
        ["Mod"] = ["fmod"],
        ["Mul"] = ["axis", "broadcast"],
        ["MultiThreshold"] = ["data_layout", "out_bias", "out_dtype", "out_scale"],
        ["Neg"] = [],
        ["Pad"] = ["mode", "paddings", "pads", "value"],
        ["Pow"] = ["axis", "broadcast"],
        ["PRelu"] = [],
        ["QLinearConv"] = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
        ["QLinearMatMul"] = [],
        ["Quant"] = ["narrow", "rounding_mode", "signed"],
        ["QuantAvgPool2d"] = ["data_layout", "ibits", "kernel", "obits", "signed", "stride"],
        ["QuantizeLinear"] = ["axis", "block_size", "output_dtype", "precision", "saturate"],
        ["Range"] = [],
        ["ReduceMax"] = ["axes", "keepdims", "noop_with_empty_axes"],
        ["ReduceMean"] = ["axes", "keepdims", "noop_with_empty_axes"],
        ["ReduceMin"] = ["axes", "keepdims", "noop_with_empty_axes"],
        ["ReduceProd"] = ["axes", "keepdims", "noop_with_empty_axes"],
        ["ReduceSum"] = ["axes", "keepdims", "noop_with_empty_axes"],
        ["Relu"] = [],
        ["Reshape"] = ["allowzero", "shape"],
        ["Resize"] =
        [
            "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value",
            "keep_aspect_ratio_policy", "mode", "nearest_mode", "scales",
        ],
        ["Round"] = [],
        ["Selu"] = ["alpha", "gamma"],
        ["Shape"] = ["end", "start"],
        ["Sigmoid"] = [],
        ["Slice"] = ["axes", "ends", "starts", "steps"],
        ["Softmax"] = ["axis"],
        ["Softplus"] = [],
        ["Softsign"] = [],
        ["SpaceToDepth"] = ["blocksize", "mode"],
        ["Split"] = ["axis", "num_outputs", "split"],
        ["Squeeze"] = ["axes"],
        ["Sub"] = ["axis", "broadcast"],
        ["Sum"] = [],
        ["Swish"] = ["alpha"],
        ["Tanh"] = [],
        ["ThresholdedRelu"] = ["alpha"],
        ["Tile"] = [],
        ["Transpose"] = ["perm"],
        ["Trunc"] = ["narrow", "rounding_mode", "signed"],
        ["Unsqueeze"] = ["axes"],
        ["Upsample"] = ["mode", "scales"],
        ["Where"] = [],
    };

    /// <exception cref="InvalidInputException">An attribute that the operator does not have, or one given twice.</exception>
    public static void Check(OnnxNode node)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (AttributeProto attribute in node.Attributes)
        {
            if (!seen.Add(attribute.Name))
            {
                throw node.Error($"attribute \"{attribute.Name}\" is given twice. Export the model again.");
            }

            if (Known.TryGetValue(node.Operator, out string[]? known) && !known.Contains(attribute.Name, StringComparer.Ordinal) && !Harmless.Contains(attribute.Name))
            {
                string allowed = known.Length > 0 ? $"known are {string.Join(", ", known)}" : "it has none";
                throw node.Error($"attribute \"{attribute.Name}\" is unknown for {node.Operator}: {allowed}. Remove it, or export the model again.");
            }
        }

        if (node.Operator == "BatchNormalization" && node.Integer("spatial", 1) == 0)
        {
            throw node.Error("spatial 0 (statistics per element) is not supported. Export the model with a newer operator set.");
        }
    }
}
