using Edge.Networks.Numerics;

namespace Edge.Networks.Quantization.Calibration;

/// <summary>How calibration rows enter the network.</summary>
/// <param name="Format">null: the network quantizes its inputs itself.</param>
internal sealed record InputGrid(FixedPointFormat? Format)
{
    /// <summary>Within the range of the format, not rounded.</summary>
    public double[] Limited(double[] row) => Format is { } format ? InputQuantization.Limited(row, format) : row;

    /// <summary>A limited row on the format's steps.</summary>
    public double[] Rounded(double[] row) => Format is { } format ? InputQuantization.Rounded(row, format) : row;
}
