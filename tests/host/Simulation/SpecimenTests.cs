using System.Text;
using Edge.Simulation;
using Edge.Simulation.Specimens;
using Xunit;

namespace Edge.Tests.Simulation;

public class SpecimenTests
{
    private static readonly float[] SixPixels = [0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f];

    [Fact]
    public void PixelsKeepTheirValues_AndStraightLinesStayStraight()
    {
        float[] slope = [.. Enumerable.Range(0, 64).Select(i => (0.01f * (i / 8)) + (0.02f * (i % 8)))];
        var specimen = new Specimen(slope, 8, 8, new(0.5, 2), repeats: false, []);

        Assert.Equal(slope[(3 * 8) + 5], specimen.FractionAt(new(1.5, 10)), 7);
        Assert.Equal((0.01 * 3.3) + (0.02 * 4.6), specimen.FractionAt(new(1.65, 9.2)), 7);
    }

    [Fact]
    public void EdgeGoesOn_OrTheMapRepeats()
    {
        var edge = new Specimen(SixPixels, 2, 3, new(1, 1), repeats: false, []);
        var wrapped = new Specimen(SixPixels, 2, 3, new(1, 1), repeats: true, []);

        Assert.Equal(0.5, edge.FractionAt(new(5, 9)), 6);
        Assert.Equal(0, edge.FractionAt(new(-5, -9)), 6);
        Assert.Equal(wrapped.FractionAt(new(0.25, 1.5)), wrapped.FractionAt(new(0.25 - 4, 1.5 + 6)), 6);
        Assert.Equal(0, wrapped.FractionAt(new(-1e-17, 0)), 6);
        Assert.Equal(0.3, wrapped.FractionAt(new(3, 3)), 6);
    }

    [Fact]
    public void IsWithinTwoThousandthsOfThePeakOfAProbeShape()
    {
        // A Gaussian as narrow as the sharpest column of the maps, sampled as they are.
        const double Pixel = 0.12422, Variance = 0.15;
        static double Shape(double x, double y) => Math.Exp(-(((x - 2) * (x - 2)) + ((y - 2) * (y - 2))) / (2 * Variance));
        float[] map = [.. Enumerable.Range(0, 32 * 32).Select(i => (float)Shape(i / 32 * Pixel, i % 32 * Pixel))];
        var specimen = new Specimen(map, 32, 32, new(Pixel, Pixel), repeats: false, []);
        double worst = 0;
        for (int i = 0; i < 10_000; i++)
        {
            // Low-discrepancy points.
            double x = 0.5 + (3 * (i * 0.7548776662 % 1)), y = 0.5 + (3 * (i * 0.5698402910 % 1));
            worst = Math.Max(worst, Math.Abs(specimen.FractionAt(new(x, y)) - Shape(x, y)));
        }

        Assert.InRange(worst, 0, 2e-3);
    }

    [Fact]
    public void ReadsTheSpecimenOfTheMainJob()
    {
        Specimen specimen = SpecimenFile.Read(SimulationFiles.Specimen("mos2_a"));

        Assert.Equal((256, 256), (specimen.PixelsX, specimen.PixelsY));
        Assert.Equal(31.8, specimen.SizeAngstrom.X, 2);
        Assert.Equal(15, specimen.Defects.Count);
        Assert.Equal(new Defect("VS", new(4.77, 11.934)), specimen.Defects[0]);

        // The complete column is 0.0234 and a vacancy 0.0089 of the beam, with the broad source in the 40-200 mrad detector.
        Assert.Equal(0.0087, specimen.FractionAt(specimen.Defects[0].Position), 3);
        Assert.InRange(specimen.FractionAt(new(4.77 + 3.18, 11.934)), 0.021, 0.025);
    }

    [Theory]
    [InlineData("not an array", "does not begin like a NumPy file of format 1.0")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 2, 2), }", "the header must say '<f4'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 3), }", "needs 24 bytes; 16 follow the header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (999999, 999999, 999999, 999999), }", "needs")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2, 1), }", "source 1, detector 1; the file has 2 sources and 1 detectors")]
    public void RefusesWhatIsNoSpecimen(string header, string expected)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".npy");
        byte[] text = Encoding.ASCII.GetBytes(header);
        byte[] magic = header.StartsWith('{') ? [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)text.Length, 0] : [];
        File.WriteAllBytes(path, [.. magic, .. text, .. new byte[16]]);
        try
        {
            var error = Assert.Throws<InvalidDataException>(() => SpecimenFile.Read(path));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void RefusesAMapThatIsNoFraction()
    {
        var error = Assert.Throws<InvalidSettingException>(() => new Specimen([0, 0, 0, 0, 0, float.NaN], 2, 3, new(1, 1), repeats: false, []));
        Assert.Equal("Pixel [1, 2] is NaN; a fraction of the beam is 0 to 1.", error.Message);
    }
}
