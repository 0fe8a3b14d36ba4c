using System.Text;
using Edge.Simulation;
using Edge.Simulation.Specimens;
using Xunit;

namespace Edge.Tests.Simulation;

public class SpecimenTests
{
    private static readonly float[] SixPixels = [0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f];

    [Fact]
    public void InterpolatesBetweenPixels()
    {
        var specimen = new Specimen(SixPixels, 2, 3, new(0.5, 2), repeats: false, []);

        Assert.Equal(0.3, specimen.FractionAt(new(0.5, 0)), 6);
        Assert.Equal(0.25 * (0 + 0.1 + 0.3 + 0.4), specimen.FractionAt(new(0.25, 1)), 6);
        Assert.Equal(0.5, specimen.FractionAt(new(0.5, 4)), 6);
    }

    [Fact]
    public void EdgeGoesOn_OrTheMapRepeats()
    {
        var edge = new Specimen(SixPixels, 2, 3, new(1, 1), repeats: false, []);
        var wrapped = new Specimen(SixPixels, 2, 3, new(1, 1), repeats: true, []);

        Assert.Equal(0.5, edge.FractionAt(new(5, 9)), 6);
        Assert.Equal(0, edge.FractionAt(new(-5, -9)), 6);
        Assert.Equal(wrapped.FractionAt(new(0.25, 1.5)), wrapped.FractionAt(new(0.25 - 4, 1.5 + 6)), 6);
        Assert.Equal(0.5 * (0.2 + 0), wrapped.FractionAt(new(0, 2.5)), 6);
        Assert.Equal(0, wrapped.FractionAt(new(-1e-17, 0)), 6);
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

    [Fact]
    public void BilinearIsWithinTwoTenThousandthsOfThePeakOfBicubic()
    {
        Specimen specimen = SpecimenFile.Read(SimulationFiles.Specimen("mos2_a"));
        double peak = 0, worst = 0;
        for (int i = 0; i < 20_000; i++)
        {
            // Low-discrepancy points of the inside.
            var position = new PointAngstrom(0.2 + (31.3 * (i * 0.7548776662 % 1)), 0.2 + (31.3 * (i * 0.5698402910 % 1)));
            double bilinear = specimen.FractionAt(position);
            peak = Math.Max(peak, bilinear);
            worst = Math.Max(worst, Math.Abs(bilinear - Bicubic(specimen, position)));
        }

        Assert.InRange(worst / peak, 0, 2e-4);
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

    /// <summary>Catmull-Rom over 4 x 4 pixels.</summary>
    private static double Bicubic(Specimen specimen, PointAngstrom position)
    {
        double x = position.X / specimen.PixelAngstrom.X, y = position.Y / specimen.PixelAngstrom.Y;
        int i = (int)x, j = (int)y;
        double[] u = Weights(x - i), v = Weights(y - j);
        double sum = 0;
        for (int a = 0; a < 4; a++)
        {
            for (int b = 0; b < 4; b++)
            {
                sum += u[a] * v[b] * specimen.PixelAt(i + a - 1, j + b - 1);
            }
        }

        return sum;
    }

    private static double[] Weights(double t) =>
    [
        0.5 * t * (-1 + (t * (2 - t))),
        0.5 * (2 + (t * t * (-5 + (3 * t)))),
        0.5 * t * (1 + (t * (4 - (3 * t)))),
        0.5 * t * t * (t - 1),
    ];
}
