using Edge.Appliance.Sites;
using Edge.Simulation.Specimens;

namespace Edge.Tests.Cards;

/// <summary>The specimens of sim/specimens with what is true of them: where their sulphur columns are, and of which class.</summary>
internal sealed record MolybdenumDisulfide(Specimen Specimen, IReadOnlyList<(Position Position, int Class)> Sites)
{
    public const double LatticeConstant = 3.18;

    /// <summary>Side of the square that every one of the maps covers, angstrom.</summary>
    public const double Field = 31.8;

    private static readonly Dictionary<string, int> ClassOfKind = new(StringComparer.Ordinal) { ["VS"] = 1, ["VS2"] = 2, ["Mo_S"] = 3 };

    public static MolybdenumDisulfide Read(string name)
    {
        Specimen specimen = SpecimenFile.Read(Repository.Path("sim", "specimens", name + ".npy"), repeats: name != "mos2_a");
        return new(specimen, [.. Columns(specimen).OrderBy(site => site.Position.Y).ThenBy(site => site.Position.X)]);
    }

    /// <summary>The same, turned about the centre of the field; a map that repeats is needed.</summary>
    public static MolybdenumDisulfide Turned(string name, double degrees)
    {
        const int Pixels = 256;
        const double Pitch = Field / Pixels;
        MolybdenumDisulfide straight = Read(name);
        var fraction = new float[Pixels * Pixels];
        for (int k = 0; k < fraction.Length; k++)
        {
            Position back = Turn(new(k / Pixels * Pitch, k % Pixels * Pitch), -degrees);
            fraction[k] = (float)straight.Specimen.FractionAt(new(back.X, back.Y));
        }

        var specimen = new Specimen(fraction, Pixels, Pixels, new(Pitch, Pitch), repeats: false, []);
        PointAngstrom size = straight.Specimen.SizeAngstrom;
        IEnumerable<(Position, int)> sites =
            from site in straight.Sites
            from x in new[] { -1, 0, 1 }
            from y in new[] { -1, 0, 1 }
            let turned = Turn(site.Position + new Position(x * size.X, y * size.Y), degrees)
            where turned is { X: >= 0 and <= Field, Y: >= 0 and <= Field }
            select (turned, site.Class);
        return new(specimen, [.. sites]);
    }

    /// <summary>From a position to the nearest sulphur column.</summary>
    public double DistanceFrom(Position position) => Sites.Min(site => (site.Position - position).Length);

    private static Position Turn(Position position, double degrees)
    {
        var centre = new Position(Field / 2, Field / 2);
        (double sine, double cosine) = Math.SinCos(degrees * Math.PI / 180);
        Position from = position - centre;
        return centre + new Position((cosine * from.X) - (sine * from.Y), (sine * from.X) + (cosine * from.Y));
    }

    /// <summary>The lattice of the simulation, laid through a defect that sits on a sulphur column.</summary>
    private static IEnumerable<(Position Position, int Class)> Columns(Specimen specimen)
    {
        double row = LatticeConstant * Math.Sqrt(3) / 2;
        PointAngstrom origin = specimen.Defects.First(defect => ClassOfKind.ContainsKey(defect.Kind)).Position;
        PointAngstrom size = specimen.SizeAngstrom;
        for (int j = -16; j <= 16; j++)
        {
            for (int i = -15; i <= 15; i++)
            {
                var position = new Position(origin.X + ((i + (0.5 * (j & 1))) * LatticeConstant), origin.Y + (j * row));
                if (position.X > -0.01 && position.Y > -0.01 && position.X < size.X - 0.01 && position.Y < size.Y - 0.01)
                {
                    yield return (position, specimen.Defects
                        .Where(defect => ClassOfKind.ContainsKey(defect.Kind) && (new Position(defect.Position.X, defect.Position.Y) - position).Length < 0.05)
                        .Select(defect => ClassOfKind[defect.Kind])
                        .FirstOrDefault());
                }
            }
        }
    }
}
