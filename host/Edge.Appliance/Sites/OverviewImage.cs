namespace Edge.Appliance.Sites;

/// <summary>A low-dose scan: detected signal per pixel, in mean electrons.</summary>
/// <param name="Columns">Pixels along x, the fast axis.</param>
/// <param name="Rows">Pixels along y.</param>
/// <param name="X">Position of each column, angstrom.</param>
/// <param name="Y">Position of each row, angstrom.</param>
/// <param name="Signal">(Rows, Columns), row-major.</param>
public sealed record OverviewImage(int Columns, int Rows, double[] X, double[] Y, double[] Signal)
{
    public double Total => Signal.Sum();
}
