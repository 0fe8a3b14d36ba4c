using Edge.Networks;

namespace Edge.Appliance.Sites;

/// <summary>Finds a honeycomb lattice in a low-dose overview. Rotation and scale come from the strongest first-order Fourier
/// amplitudes in the middle of the image, the origin from the counts folded into one cell; then all of them maximise the
/// Poisson likelihood, in windows that grow to the whole image.</summary>
public static class LatticeFit
{
    /// <summary>Side of the window the search begins in, angstrom: large enough for its peaks to stand out at 65 e/A^2,
    /// small enough for a quick search.</summary>
    private const double FirstWindow = 45;

    /// <summary>Folded cells are this many bins wide and high: 0.13 A for MoS2.</summary>
    private const int CellBins = 24;

    /// <summary>Log likelihood of the lattice over that of an even image.</summary>
    private const double NeededGain = 12;

    /// <summary>Log likelihood over that of the lattice with its sublattices exchanged: 150 to 1.</summary>
    private const double NeededOverExchanged = 5;

    /// <summary>Beyond this the field of view, and with it the dose, is not what the run file says.</summary>
    private const double LargestScaleError = 0.08;

    /// <summary>Two more parameters gain so much by chance in one image of fifty.</summary>
    private const double ChanceGainOfShear = 4;

    /// <param name="latticeConstant">Of the material, angstrom; the image's scale may be off by 5 %.</param>
    /// <param name="chalcogenWeight">Brightness of a chalcogen column against a metal column.</param>
    /// <exception cref="InvalidInputException">No lattice stands out of the noise, its columns cannot be told apart, or the
    /// pixels are too coarse for it.</exception>
    public static Lattice Fit(OverviewImage image, double latticeConstant, double chalcogenWeight)
    {
        CheckImage(image, latticeConstant);
        double width = image.X[^1] - image.X[0];
        double height = image.Y[^1] - image.Y[0];

        // A narrow image gets a longer window, for as many counts.
        double windowX = Math.Max(FirstWindow, FirstWindow * FirstWindow / Math.Max(height, 1));
        double windowY = Math.Max(FirstWindow, FirstWindow * FirstWindow / Math.Max(width, 1));
        OverviewImage window = image.Middle(windowX, windowY);
        (Position a, Position b) = ReciprocalSearch.LatticeVectors(window, latticeConstant);
        var model = new HoneycombModel(window, chalcogenWeight);
        var start = new Honeycomb(BestOrigin(model, a, b), Honeycomb.UsualBackground);
        Honeycomb found = new LatticeRefinement(model).Similar(start, out double gain);
        while (windowX < width || windowY < height)
        {
            (windowX, windowY) = (2 * windowX, 2 * windowY);
            model = new HoneycombModel(image.Middle(windowX, windowY), chalcogenWeight);
            found = new LatticeRefinement(model).Similar(found, out gain);
        }

        var refinement = new LatticeRefinement(model);
        CheckFound(refinement, found, gain, latticeConstant);
        Honeycomb sheared = refinement.Affine(found, out double gainOfSheared);
        return gainOfSheared > gain + ChanceGainOfShear ? sheared.Lattice : found.Lattice;
    }

    /// <summary>Largest pixels that show a lattice, angstrom: its rows are sqrt(3)/2 a apart; two pixels for each, with 10 %
    /// to spare for a wrong scale.</summary>
    public static double CoarsestPitch(double latticeConstant) => Math.Sqrt(3) / 4 * latticeConstant / 1.1;

    private static void CheckImage(OverviewImage image, double latticeConstant)
    {
        if (image.Columns < 8 || image.Rows < 8)
        {
            throw new InvalidInputException($"an overview of {image.Columns} x {image.Rows} pixels is too small for a lattice; 8 x 8 are the least.");
        }

        if (!(image.Total > 0) || !double.IsFinite(image.Total))
        {
            throw new InvalidInputException("the overview is dark. Is the beam on, and is the detector inserted and connected?");
        }

        double coarsest = CoarsestPitch(latticeConstant);
        double pitch = Math.Max((image.X[^1] - image.X[0]) / (image.Columns - 1), (image.Y[^1] - image.Y[0]) / (image.Rows - 1));
        if (pitch > coarsest)
        {
            throw new InvalidInputException(FormattableString.Invariant(
                $"the overview's pixels of {pitch:F2} A are too coarse for a lattice of {latticeConstant:F2} A: {coarsest:F2} A at most. Shorten overview.dwell or raise overview.dose."));
        }
    }

    private static void CheckFound(LatticeRefinement refinement, Honeycomb found, double gain, double latticeConstant)
    {
        Lattice lattice = found.Lattice;
        if (gain < NeededGain)
        {
            throw new InvalidInputException(FormattableString.Invariant(
                $"the overview shows no honeycomb of {latticeConstant:F2} A: it explains the counts no better than an even image (log likelihood ratio {gain:F1}; {NeededGain:F0} is needed). Raise overview.dose or correct material.lattice_constant."));
        }

        double constant = lattice.A.Length;
        if (Math.Abs((constant / latticeConstant) - 1) > LargestScaleError)
        {
            throw new InvalidInputException(FormattableString.Invariant(
                $"the overview shows a lattice of {constant:F2} A, but material.lattice_constant is {latticeConstant:F2} A ({100 * LargestScaleError:F0} % apart is allowed). Correct it, or calibrate scan.field_of_view."));
        }

        var exchanged = new Lattice(lattice.Metal + lattice.ToChalcogen, -1 * lattice.A, -1 * lattice.B);
        refinement.Similar(found with { Lattice = exchanged }, out double gainOfExchanged);
        if (gain - gainOfExchanged < NeededOverExchanged)
        {
            throw new InvalidInputException(FormattableString.Invariant(
                $"metal and chalcogen columns of the overview cannot be told apart (log likelihood ratio {gain - gainOfExchanged:F1}; {NeededOverExchanged:F0} is needed). Raise overview.dose or correct material.chalcogen_weight."));
        }
    }

    /// <summary>Folds the counts into one cell and finds the shift at which its columns fit best, for both orientations of
    /// the honeycomb.</summary>
    private static Lattice BestOrigin(HoneycombModel model, Position a, Position b)
    {
        OverviewImage image = model.Image;
        var centre = new Position(image.X[image.Columns / 2], image.Y[image.Rows / 2]);
        var counts = new double[CellBins * CellBins];
        var pixels = new double[CellBins * CellBins];
        double determinant = (a.X * b.Y) - (a.Y * b.X);
        for (int i = 0; i < image.Signal.Length; i++)
        {
            double x = image.X[i % image.Columns] - centre.X;
            double y = image.Y[i / image.Columns] - centre.Y;
            int bin = (Bin(((x * b.Y) - (y * b.X)) / determinant) * CellBins) + Bin(((a.X * y) - (a.Y * x)) / determinant);
            counts[bin] += image.Signal[i];
            pixels[bin]++;
        }

        Lattice? best = null;
        double bestGain = double.NegativeInfinity;
        foreach (double orientation in new[] { 1.0, -1.0 })
        {
            var lattice = new Lattice(centre, orientation * a, orientation * b);
            var shape = new Honeycomb(lattice, Honeycomb.UsualBackground);
            double[] cell = [.. Enumerable.Range(0, CellBins * CellBins).Select(bin => model.Cell(shape, orientation * ((bin / CellBins) + 0.5) / CellBins, orientation * ((bin % CellBins) + 0.5) / CellBins))];
            double[] logarithms = [.. cell.Select(value => Math.Log(value))];
            for (int shift = 0; shift < cell.Length; shift++)
            {
                (double logarithm, double intensity) = (0, 0);
                for (int bin = 0; bin < cell.Length; bin++)
                {
                    int there = (((bin / CellBins) - (shift / CellBins) + CellBins) % CellBins * CellBins) + (((bin % CellBins) - (shift % CellBins) + CellBins) % CellBins);
                    logarithm += counts[bin] * logarithms[there];
                    intensity += pixels[bin] * cell[there];
                }

                double gain = logarithm - (image.Total * Math.Log(intensity));
                if (gain > bestGain)
                {
                    Position origin = centre + ((double)(shift / CellBins) / CellBins * a) + ((double)(shift % CellBins) / CellBins * b);
                    (best, bestGain) = (lattice with { Metal = origin }, gain);
                }
            }
        }

        return best!;

        static int Bin(double part) => Math.Min((int)((part - Math.Floor(part)) * CellBins), CellBins - 1);
    }
}
