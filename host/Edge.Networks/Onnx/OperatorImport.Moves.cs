using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Operators that choose, repeat and join elements. The rules for constants are used on a tensor that holds each
/// element's own number: what comes out says where every element comes from.</content>
internal sealed partial class OperatorImport
{
    /// <summary>Slice, Gather: what they do to constants, on computed values.</summary>
    private RealValue Moved(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        if (Array.Exists(node.Inputs.Skip(1).Select((name, i) => name.Length > 0 && constants[i + 1] is null).ToArray(), missing => missing))
        {
            throw node.Error("all its inputs but the first must be constants.");
        }

        ConstantTensor moved = ConstantFolding.Evaluate(node, [Numbered(x.Shape, 0), .. constants.Skip(1)]);
        return Chosen(node, x, moved.Shape, ConstantFolding.Integers(moved));
    }

    /// <summary>Split: one value per output.</summary>
    public RealValue[] Split(OnnxNode node, RealValue x, ConstantTensor?[] constants) =>
        [.. ConstantFolding.Split(node, x.Shape, constants.Length > 1 ? constants[1] : null).Select(part => Chosen(node, x, part.Shape, part.Indices))];

    private RealValue Concat(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants) => Joined(node, reals, constants, 0);

    /// <summary>Where: a constant condition chooses elements.</summary>
    private RealValue Where(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants)
    {
        Known(node, constants, 0);
        return Joined(node, reals, constants, 1);
    }

    /// <summary>Elements of computed tensors and constants, from input <paramref name="first"/> on, put together as the node puts
    /// constants together: numbered, those of computed tensors first.</summary>
    private RealValue Joined(OnnxNode node, RealValue?[] reals, ConstantTensor?[] constants, int first)
    {
        RealValue[] parts = [.. reals.OfType<RealValue>()];
        int computed = parts.Sum(part => Shapes.Count(part.Shape));
        int nextComputed = 0;
        var known = new List<Rational>();
        var numbered = new List<ConstantTensor?>(constants[..first]);
        for (int i = first; i < reals.Length; i++)
        {
            if (reals[i] is { } real)
            {
                numbered.Add(Numbered(real.Shape, nextComputed));
                nextComputed += Shapes.Count(real.Shape);
            }
            else
            {
                ConstantTensor constant = Finite(node, Known(node, constants, i), i);
                numbered.Add(Numbered(constant.Shape, computed + known.Count));
                known.AddRange(Enumerable.Range(0, constant.Length).Select(constant.Exact));
            }
        }

        ConstantTensor joined = ConstantFolding.Evaluate(node, [.. numbered]);
        int[] indices = ConstantFolding.Integers(joined);
        RealValue all = parts is [var single]
            ? single
            : Append(new Concatenation(Next(), node.Description, [computed], [.. parts.Select(part => part.Number)]), [1, computed]);
        return Placed(node, all, joined.Shape, [.. indices.Select(index => index < computed ? index : -1)], i => known[indices[i] - computed]);
    }

    /// <summary>x with its elements repeated to a larger shape, as broadcasting does.</summary>
    private RealValue Broadcasted(OnnxNode node, RealValue x, int[] shape)
    {
        if (shape.SequenceEqual(x.Shape))
        {
            return x;
        }

        CheckCount(node, shape);
        return Shapes.Count(shape) == Shapes.Count(x.Shape) ? Renamed(node, x, shape) : Chosen(node, x, shape, Shapes.BroadcastIndices(x.Shape, shape));
    }

    private RealValue Expand(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        int[] target = OfOneBatch(ConstantFolding.Integers(Known(node, constants, 1)));
        return Shapes.Broadcast(x.Shape, target) is { } shape && Array.TrueForAll(target, size => size > 0)
            ? Broadcasted(node, x, shape)
            : throw node.Error($"a tensor of shape {Shapes.Text(x.Shape)} cannot be expanded to {Shapes.Text(target)}.");
    }

    private RealValue Tile(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        int[] repeats = ConstantFolding.Integers(Known(node, constants, 1));
        if (repeats.Length != x.Shape.Length || Array.Exists(repeats, repeat => repeat < 1))
        {
            throw node.Error($"repeats {Shapes.Text(repeats)} for data of shape {Shapes.Text(x.Shape)}; a positive number for every axis is needed.");
        }

        CheckCount(node, repeats);
        int[] shape = [.. x.Shape.Select((size, axis) => checked(size * repeats[axis]))];
        CheckCount(node, shape);
        return Chosen(node, x, shape, Indices(x.Shape, [.. shape.Select((size, axis) => Enumerable.Range(0, size).Select(to => to % x.Shape[axis]).ToArray())]));
    }

    /// <summary>DepthToSpace and SpaceToDepth: blocks of an image from channels, or into them.</summary>
    private RealValue Blocks(OnnxNode node, RealValue x)
    {
        int block = (int)Math.Clamp(node.Integer("blocksize", 0), 0, 1 << 12);
        string mode = node.Text("mode", "DCR");
        bool toSpace = node.Operator == "DepthToSpace";
        if (x.Shape is not [var batch, var channels, var height, var width] || block == 0 || mode is not ("DCR" or "CRD")
            || (toSpace ? channels % (block * block) != 0 : height % block != 0 || width % block != 0))
        {
            throw node.Error($"blocksize {node.Integer("blocksize", 0)}, mode \"{mode}\" on data of shape {Shapes.Text(x.Shape)}; an image whose channels (or height and width) are multiples of the block, and DCR or CRD, are needed.");
        }

        int depth = channels / (block * block);
        (int[] split, int[] order, int[] shape) = toSpace
            ? (mode == "DCR" ? [batch, block, block, depth, height, width] : new[] { batch, depth, block, block, height, width },
               mode == "DCR" ? [0, 3, 4, 1, 5, 2] : new[] { 0, 1, 4, 2, 5, 3 },
               new[] { batch, depth, height * block, width * block })
            : ([batch, channels, height / block, block, width / block, block], [0, 3, 5, 1, 2, 4], [batch, channels * block * block, height / block, width / block]);
        return Chosen(node, x, shape, Shapes.Transpose(split, order).Indices);
    }

    /// <summary>Sizes in which a batch size that the file was fixed to counts as 1.</summary>
    private int[] OfOneBatch(int[] sizes) => sizes.Length > 0 && BatchSize is > 1 && sizes[0] == BatchSize ? [1, .. sizes[1..]] : sizes;

    /// <summary>Pad with zeros or another constant, or with elements of the data itself.</summary>
    private RealValue Pad(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        int rank = x.Shape.Length;
        int[] given = constants.Length > 1 && constants[1] is { } tensor ? ConstantFolding.Integers(tensor)
            : node.Integers("pads") ?? node.Integers("paddings") ?? throw node.Error("its pads must be constants.");
        int[] axes = constants.Length > 3 && constants[3] is { } some ? [.. ConstantFolding.Integers(some).Select(axis => ShapeInference.Axis(node, axis, rank))] : [.. Enumerable.Range(0, rank)];
        const int LargestPad = 1 << 16;
        if (given.Length != 2 * axes.Length || Array.Exists(given, pad => Math.Abs((long)pad) > LargestPad))
        {
            throw node.Error($"pads {Shapes.Text(given)} for {axes.Length} axes; two numbers of up to {LargestPad} each are needed.");
        }

        string mode = node.Text("mode", "constant");
        int[][] kept = [.. x.Shape.Select(size => Enumerable.Range(0, size).ToArray())];
        for (int k = 0; k < axes.Length; k++)
        {
            int size = x.Shape[axes[k]];
            kept[axes[k]] = [.. Enumerable.Range(-given[k], Math.Max(0, size + given[k] + given[k + axes.Length])).Select(index => mode switch
            {
                "constant" => index < 0 || index >= size ? -1 : index,
                "edge" => Math.Clamp(index, 0, size - 1),
                "reflect" when index > -size && index < (2 * size) - 1 => index < 0 ? -index : index >= size ? (2 * (size - 1)) - index : index,
                "wrap" => ((index % size) + size) % size,
                _ => throw node.Error($"mode \"{mode}\" with pads {Shapes.Text(given)}; constant, edge, wrap, and reflect by less than the axis are supported."),
            })];
        }

        int[] shape = [.. kept.Select(indices => indices.Length)];
        CheckCount(node, shape);
        int[] map = Indices(x.Shape, kept);
        if (!map.Contains(-1))
        {
            return Chosen(node, x, shape, map);
        }

        double value = constants.Length > 2 && constants[2] is { Length: > 0 } constant ? Finite(node, constant, 2).Values[0] : Real(node, "value", 0);
        return Placed(node, x, shape, map, _ => Rational.From(value));
    }

    /// <summary>Element i of the result is element indices[i] of x, or a constant where that is -1.</summary>
    private RealValue Placed(OnnxNode node, RealValue x, int[] shape, int[] indices, Func<int, Rational> constant)
    {
        if (!indices.Contains(-1))
        {
            return Chosen(node, x, shape, indices);
        }

        // Zeros are what a window reads outside the data; other constants are added to those places. A group for each element
        // lets every one keep its own scale.
        RealValue placed = Append(new Convolution(Next(), node.Description, Plain(shape), x.Number, Ones(indices.Length, 1, Rational.One), new(indices.Length, 1, 1, indices)), shape);
        Rational[] constants = [.. indices.Select((index, i) => index < 0 ? constant(i) : Rational.Zero)];
        return Affine(node, placed, [Rational.One], Array.TrueForAll(constants, value => value.IsZero) ? [Rational.Zero] : constants);
    }

    /// <summary>Resize (inputs: data, region, scales, sizes) and Upsample (data, scales), nearest element.</summary>
    private RealValue Resize(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        string mode = node.Text("mode", "nearest");
        if (mode != "nearest")
        {
            throw node.Error($"mode \"{mode}\"; only nearest is supported.");
        }

        ConstantTensor? Given(int input) => constants.Length > input && constants[input] is { Length: > 0 } tensor ? tensor : null;
        bool upsample = node.Operator == "Upsample";
        double[]? scales = (upsample || Opset < 11 ? Given(1) : Given(2))?.Values ?? node.Find("scales")?.Floats.Select(scale => (double)scale).ToArray();
        int[]? sizes = upsample || Given(3) is not { } tensor ? null : ConstantFolding.Integers(tensor);
        int rank = x.Shape.Length;
        if (node.Integers("axes") is { } axes)
        {
            // The other axes stay as they are.
            int[] places = [.. axes.Select(axis => ShapeInference.Axis(node, axis, rank))];
            scales = scales?.Length == places.Length ? [.. Enumerable.Range(0, rank).Select(axis => Array.IndexOf(places, axis) is >= 0 and int at ? scales[at] : 1)] : null;
            sizes = sizes?.Length == places.Length ? [.. x.Shape.Select((size, axis) => Array.IndexOf(places, axis) is >= 0 and int at ? sizes[at] : size)] : null;
        }

        if (node.Text("keep_aspect_ratio_policy", "stretch") != "stretch" || (sizes ?? (object?)scales) is null || (sizes?.Length ?? scales!.Length) != rank)
        {
            throw node.Error($"it needs constant sizes or scales for all {rank} axes.");
        }

        sizes = sizes is null ? null : OfOneBatch(sizes);
        const double LargestScale = 1 << 12;
        if (scales is not null && Array.Exists(scales, scale => !(scale > 0 && scale <= LargestScale)))
        {
            throw node.Error($"scales must be positive, at most {LargestScale}.");
        }

        int[] shape = sizes ?? [.. x.Shape.Select((size, i) => (int)Math.Floor(size * scales![i]))];
        CheckCount(node, shape);
        string coordinates = upsample || Opset < 11 ? "asymmetric" : node.Text("coordinate_transformation_mode", "half_pixel");
        string nearest = upsample || Opset < 11 ? "floor" : node.Text("nearest_mode", "round_prefer_floor");
        int[][] kept = [.. x.Shape.Select((size, i) => Enumerable.Range(0, shape[i]).Select(to =>
        {
            double scale = sizes is not null ? (double)shape[i] / size : scales![i];
            double from = shape[i] == size && scale == 1 ? to : coordinates switch
            {
                "asymmetric" => to / scale,
                "half_pixel" => ((to + 0.5) / scale) - 0.5,
                "pytorch_half_pixel" => shape[i] > 1 ? ((to + 0.5) / scale) - 0.5 : 0,
                "align_corners" => shape[i] > 1 ? to * (double)(size - 1) / (shape[i] - 1) : 0,
                _ => throw node.Error($"coordinate_transformation_mode \"{coordinates}\"; asymmetric, half_pixel, pytorch_half_pixel and align_corners are supported."),
            };
            double place = nearest switch
            {
                "floor" => Math.Floor(from),
                "ceil" => Math.Ceiling(from),
                "round_prefer_floor" => Math.Ceiling(from - 0.5),
                "round_prefer_ceil" => Math.Floor(from + 0.5),
                _ => throw node.Error($"nearest_mode \"{nearest}\"; floor, ceil, round_prefer_floor and round_prefer_ceil are supported."),
            };
            return (int)Math.Clamp(place, 0, size - 1);
        }).ToArray())];
        return Chosen(node, x, shape, Indices(x.Shape, kept));
    }

    private RealValue Transposed(OnnxNode node, RealValue x, int[] permutation)
    {
        (int[] shape, int[] indices) = Shapes.Transpose(x.Shape, permutation);
        return Chosen(node, x, shape, indices);
    }

    /// <summary>Element i of the result is element indices[i] of x.</summary>
    private RealValue Chosen(OnnxNode node, RealValue x, int[] shape, int[] indices)
    {
        bool sameOrder = indices.Length == Shapes.Count(x.Shape);
        for (int i = 0; sameOrder && i < indices.Length; i++)
        {
            sameOrder = indices[i] == i;
        }

        return Same(x, Append(new Reorder(Next(), node.Description, Plain(shape), x.Number, sameOrder ? null : indices), shape));
    }

    /// <summary>A tensor whose elements are numbered.</summary>
    private static ConstantTensor Numbered(int[] shape, int first) => new(shape, [.. Enumerable.Range(first, Shapes.Count(shape)).Select(index => (double)index)]);

    /// <summary>Places of the kept indices of every axis; -1 where one of them is.</summary>
    private static int[] Indices(int[] shape, int[][] kept)
    {
        int[] map = [0];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            int size = shape[axis];
            int[] here = kept[axis];
            var wider = new int[map.Length * here.Length];
            for (int i = 0; i < wider.Length; i++)
            {
                (int index, int k) = (map[i / here.Length], here[i % here.Length]);
                wider[i] = index < 0 || k < 0 ? -1 : (index * size) + k;
            }

            map = wider;
        }

        return map;
    }

    private static void CheckCount(OnnxNode node, int[] shape)
    {
        long elements = shape.Aggregate(1L, (product, size) => size < 0 || product > Windows.LargestSize ? Windows.LargestSize : product * size);
        if (elements > Windows.LargestSize / 4)
        {
            throw node.Error($"it makes a tensor of shape {Shapes.Text(shape)}; at most {Windows.LargestSize / 4} elements are allowed.");
        }
    }
}
