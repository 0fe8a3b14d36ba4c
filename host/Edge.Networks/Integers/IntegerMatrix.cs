namespace Edge.Networks.Integers;

/// <summary>Constant integer matrix (Rows, Columns), row-major.</summary>
public sealed record IntegerMatrix(int Rows, int Columns, long[] Values)
{
    public long this[int row, int column] => Values[(row * Columns) + column];

    public ReadOnlySpan<long> Row(int row) => Values.AsSpan(row * Columns, Columns);
}
