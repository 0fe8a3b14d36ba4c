namespace Edge.Appliance.Sites;

/// <summary>A point on the specimen, angstrom.</summary>
public readonly record struct Position(double X, double Y)
{
    public static Position operator +(Position a, Position b) => new(a.X + b.X, a.Y + b.Y);

    public static Position operator -(Position a, Position b) => new(a.X - b.X, a.Y - b.Y);

    public static Position operator *(double factor, Position a) => new(factor * a.X, factor * a.Y);

    public double Length => Math.Sqrt((X * X) + (Y * Y));
}

/// <summary>A honeycomb lattice seen along its axis: metal columns at Metal + i A + j B, chalcogen columns a third of
/// A + B (or of its mirror) further. Lengths in angstrom.</summary>
public sealed record Lattice(Position Metal, Position A, Position B)
{
    /// <summary>From a metal column to a chalcogen column of the same cell.</summary>
    public Position ToChalcogen => (1.0 / 3) * (A + B);

    public double CellArea => Math.Abs((A.X * B.Y) - (A.Y * B.X));

    /// <summary>Chalcogen columns inside a rectangle, row by row.</summary>
    public IReadOnlyList<Position> ChalcogenColumns(double minX, double minY, double maxX, double maxY) =>
        Columns(Metal + ToChalcogen, minX, minY, maxX, maxY);

    public IReadOnlyList<Position> MetalColumns(double minX, double minY, double maxX, double maxY) => Columns(Metal, minX, minY, maxX, maxY);

    /// <summary>The chalcogen column nearest to a position.</summary>
    public Position NearestChalcogen(Position position)
    {
        Position origin = Metal + ToChalcogen;
        Position from = position - origin;
        double determinant = (A.X * B.Y) - (A.Y * B.X);
        double u = Math.Floor(((from.X * B.Y) - (from.Y * B.X)) / determinant);
        double v = Math.Floor(((A.X * from.Y) - (A.Y * from.X)) / determinant);
        return Enumerable.Range(0, 4)
            .Select(corner => origin + ((u + (corner & 1)) * A) + ((v + (corner >> 1)) * B))
            .MinBy(column => (column - position).Length);
    }

    private List<Position> Columns(Position origin, double minX, double minY, double maxX, double maxY)
    {
        double reach = Math.Max(maxX - minX, maxY - minY) + (origin - new Position(minX, minY)).Length;
        int cells = (int)(2 * reach / Math.Sqrt(CellArea)) + 2;
        var found = new List<Position>();
        for (int i = -cells; i <= cells; i++)
        {
            for (int j = -cells; j <= cells; j++)
            {
                Position position = origin + (i * A) + (j * B);
                if (position.X >= minX && position.X <= maxX && position.Y >= minY && position.Y <= maxY)
                {
                    found.Add(position);
                }
            }
        }

        return [.. found.OrderBy(position => Math.Round(position.Y, 1)).ThenBy(position => position.X)];
    }
}
