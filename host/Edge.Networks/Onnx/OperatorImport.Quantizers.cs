using Edge.Networks.Graph;
using Edge.Networks.Numerics;

namespace Edge.Networks.Onnx;

/// <content>Quantizers on values that depend on the input.</content>
internal sealed partial class OperatorImport
{
    private RealValue Quant(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        Quantizer quantizer = QuantizerImport.Quant(node, constants, x.Shape);
        if (!QuantizerImport.IsBipolar(node, constants))
        {
            return Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, quantizer), x.Shape);
        }

        // One signed bit: -1 or +1 by the sign of x / scale + zero point.
        Rational[] shift = [.. Enumerable.Range(0, Math.Max(quantizer.Scales.Length, quantizer.ZeroPoints.Length)).Select(i => quantizer.ZeroPointOf(i) * quantizer.ScaleOf(i))];
        RealValue sign = Sign(node, Affine(node, x, [Rational.One], shift), quantizer.Scales);
        return Affine(node, sign, [Rational.One], [.. shift.Select(value => -value)]);
    }

    private RealValue Sign(OnnxNode node, RealValue x, Rational[] magnitudes) =>
        Append(new Bipolar(Next(), node.Description, Plain(x.Shape), x.Number, magnitudes), x.Shape);

    private RealValue QuantizeLinear(OnnxNode node, RealValue x, ConstantTensor?[] constants, int zeroPointType)
    {
        (Quantizer quantizer, Rational[] behind, (long Low, long High)? limits) = QuantizerImport.QuantizeLinear(node, constants, x.Shape, zeroPointType);
        RealValue rounded = Append(new Quantize(Next(), node.Description, Plain(x.Shape), x.Number, quantizer), x.Shape);
        Rational[] offsets = [.. Enumerable.Range(0, Math.Max(behind.Length, quantizer.ZeroPoints.Length)).Select(i => quantizer.ZeroPointOf(i) + behind[behind.Length == 1 ? 0 : i])];
        RealValue integers = Affine(node, rounded, [.. quantizer.Scales.Select(scale => Rational.One / scale)], offsets);
        integers = limits is { } given ? Append(new Clip(Next(), node.Description, Plain(x.Shape), integers.Number, given.Low, given.High), x.Shape) : integers;
        wholeNumbers.Add(integers.Number);
        return integers;
    }

    private RealValue DequantizeLinear(OnnxNode node, RealValue x, ConstantTensor?[] constants)
    {
        (Rational[] scales, Rational[] zeroPoints) = QuantizerImport.DequantizeLinear(node, constants, x.Shape);
        RealValue centred = Affine(node, x, [Rational.One], [.. zeroPoints.Select(zero => -zero)]);
        return Affine(node, centred, scales, [Rational.Zero]);
    }
}
