namespace Edge.Appliance.Sites;

/// <summary>A low-dose scan: detected signal per pixel, in mean electrons.</summary>
/// <param name="Columns">Pixels along x, the fast axis.</param>
/// <param name="Rows">Pixels along y.</param>
/// <param name="X">Position of each column, angstrom.</param>
/// <param name="Y">Position of each row, angstrom.</param>
/// <param name="Signal">(Rows, Columns), row-major.</param>
public sealed record OverviewImage(int Columns, int Rows, double[] X, double[] Y, double[] Signal)
{
    public double Total { get; } = Signal.Sum();

    /// <summary>The part around the centre that is at most so wide and high, angstrom.</summary>
    public OverviewImage Middle(double width, double height)
    {
        (int left, int columns) = Inner(X, width);
        (int top, int rows) = Inner(Y, height);
        return columns == Columns && rows == Rows
            ? this
            : new(columns, rows, X[left..(left + columns)], Y[top..(top + rows)],
                [.. Enumerable.Range(top, rows).SelectMany(row => Signal[((row * Columns) + left)..((row * Columns) + left + columns)])]);
    }

    private static (int First, int Count) Inner(double[] positions, double length)
    {
        double centre = (positions[0] + positions[^1]) / 2;
        int first = Array.FindIndex(positions, position => Math.Abs(position - centre) <= length / 2);
        int last = Array.FindLastIndex(positions, position => Math.Abs(position - centre) <= length / 2);
        return (first, last - first + 1);
    }
}
