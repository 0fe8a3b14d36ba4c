namespace Edge.Simulation.Specimens;

/// <summary>What a calibration looks at: a wedge whose signal grows evenly along both axes of the field, as at the edge
/// of a thick film. Any contrast that only grows across the field would do.</summary>
public static class CalibrationWedge
{
    private const int Pixels = 128;

    /// <param name="field">Size of the field.</param>
    /// <param name="thin">Fraction of the beam on the detector at the origin of the field.</param>
    /// <param name="thick">The same at the opposite corner.</param>
    public static Specimen Create(PointAngstrom field, double thin = 0.02, double thick = 0.5)
    {
        var fraction = new float[Pixels * Pixels];
        for (int x = 0; x < Pixels; x++)
        {
            for (int y = 0; y < Pixels; y++)
            {
                double along = 0.5 * (x + y) / (Pixels - 1);
                fraction[(x * Pixels) + y] = (float)(thin + ((thick - thin) * along));
            }
        }

        return new(fraction, Pixels, Pixels, new(field.X / (Pixels - 1), field.Y / (Pixels - 1)), repeats: false, []);
    }
}
