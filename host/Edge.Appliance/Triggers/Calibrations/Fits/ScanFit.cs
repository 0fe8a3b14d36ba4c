namespace Edge.Appliance.Triggers.Calibrations.Fits;

/// <summary>How the probe follows its codes: after a delay, at the largest speed while far, exponentially when near.</summary>
/// <param name="Delay">Nanoseconds from new codes to the first movement.</param>
/// <param name="Constant">Time constant, nanoseconds.</param>
/// <param name="Slowness">Nanoseconds for the whole field at the largest speed; 0: no limit.</param>
public readonly record struct ScanResponse(double Delay, double Constant, double Slowness)
{
    /// <summary>Behind the codes at constant speed.</summary>
    public double Lag => Delay + Constant;

    /// <summary>Part of a jump that is left, a time after the codes changed.</summary>
    /// <param name="jump">As a part of the field.</param>
    public double Left(double nanoseconds, double jump)
    {
        double since = nanoseconds - Delay;
        if (since <= 0)
        {
            return 1;
        }

        double near = Slowness > 0 ? Math.Min(jump, Constant / Slowness) : jump;
        double fast = (jump - near) * Slowness;
        return since < fast ? 1 - (since / Slowness / jump) : near / jump * Math.Exp(-(since - fast) / Constant);
    }

    /// <summary>Nanoseconds until a jump is within a distance of its target; both as parts of the field.</summary>
    public double Settle(double jump, double within)
    {
        if (jump <= within)
        {
            return 0;
        }

        double near = Slowness > 0 ? Math.Min(jump, Constant / Slowness) : jump;
        double fast = (jump - near) * Slowness;
        return Delay + (within >= near ? (jump - within) * Slowness : fast + (Constant * Math.Log(near / within)));
    }
}

/// <summary>Signal after jumps between the same few places.</summary>
/// <param name="From">Place before, 0 to Places - 1, as a part of the field.</param>
/// <param name="Samples">Above the pedestal, from the edge that permits the beam; rows one after the other.</param>
public sealed record JumpTrace(int From, int To, double[] Samples, int Columns);

/// <summary>Fits the movement to what the detector shows while the probe moves over contrast.</summary>
/// <param name="Period">Of a sample, ns.</param>
/// <param name="MoveNanoseconds">From the edge that moves the codes to the one that permits the beam.</param>
public sealed record ScanData(double Period, double MoveNanoseconds, int Places, int First, IReadOnlyList<JumpTrace> Traces, BeamEdge Rise, LightDecay Decay);

/// <param name="Levels">Signal at each place.</param>
public sealed record ScanFit(ScanResponse Response, double[] Levels, double ReducedChiSquared)
{
    private const int Groups = 8;

    /// <param name="data">What was seen. A delay may come out a little below 0 by noise; 0 is told then.</param>
    /// <param name="compute">What to derive from a response.</param>
    /// <returns>The fit, and what was derived, with uncertainties.</returns>
    public static (ScanFit Fit, Measured[] Derived) Of(ScanData data, Func<ScanResponse, double[]> compute)
    {
        double[] levels = Levels0(data);
        double t = data.Period;
        Fit fit = Run(data, [t, 10 * t, 1, .. levels], -1);
        Fit slow = Run(data, [t, 10 * t, 200 * t, .. levels], -1);
        fit = slow.ChiSquared < fit.ChiSquared ? slow : fit;
        double[] spread = Jackknife.Uncertainties(Groups, k => compute(ResponseOf(Run(data, fit.Values, k).Values)));
        double[] values = compute(ResponseOf(fit.Values));
        double inflate = Math.Sqrt(Math.Max(1, fit.Reduced));
        return (new(ResponseOf(fit.Values), fit.Values[3..], fit.Reduced), [.. values.Select((value, k) => new Measured(Math.Max(0, value), spread[k] * inflate))]);
    }

    /// <summary>What the detector shows after one jump.</summary>
    public static double[] Model(ScanData data, ScanResponse response, double[] levels, int from, int to, int samples)
    {
        double jump = (double)Math.Abs(to - from) / data.Places;
        double Brightness(double t)
        {
            double at = to + ((from - to) * response.Left(t + data.MoveNanoseconds, jump));
            int low = Math.Clamp((int)at, 0, levels.Length - 2);
            return Cubic(levels, low, at - low);
        }

        // The beam stays on to the end of the line.
        return BeamResponse.Samples(data.Period, samples, 1e12, data.Rise, data.Rise, data.Decay, Brightness, data.Period / 5);
    }

    private static ScanResponse ResponseOf(double[] p) => new(p[0], p[1], p[2] < 2 ? 0 : p[2]);

    private static Fit Run(ScanData data, double[] start, int without)
    {
        (double[] Mean, double[] Error)[] traces = [.. data.Traces.Select(trace => new RowStatistics(trace.Samples, trace.Columns).Of(without, Groups))];
        double t = data.Period, brightest = start[3..].Max();

        double[] Residuals(double[] p)
        {
            ScanResponse response = ResponseOf(p);
            return
            [
                .. data.Traces.SelectMany((trace, i) =>
                {
                    double[] light = Model(data, response, p[3..], trace.From, trace.To, Math.Max(1, data.First + trace.Columns));
                    return traces[i].Mean.Select((mean, k) => (mean - (data.First + k < 0 ? 0 : light[data.First + k])) / traces[i].Error[k]).ToArray();
                }),
            ];
        }

        return LeastSquares.Minimize(
            Residuals,
            start,
            [-20 * t, t / 20, 0, .. Enumerable.Repeat(-brightest, data.Places)],
            [400 * t, 2000 * t, 1e5 * t, .. Enumerable.Repeat(5 * brightest, data.Places)],
            [t, t, 20 * t, .. Enumerable.Repeat(brightest, data.Places)]);
    }

    /// <summary>Levels as the ends of the lines show them.</summary>
    private static double[] Levels0(ScanData data) =>
    [
        .. Enumerable.Range(0, data.Places).Select(place => data.Traces.Where(trace => trace.To == place)
            .Select(trace => new RowStatistics(trace.Samples, trace.Columns).Of().Mean[^(trace.Columns / 4)..].Average()).DefaultIfEmpty(0).Average()),
    ];

    /// <summary>Between levels of equal distance: Catmull and Rom, the ends go on straight.</summary>
    private static double Cubic(double[] y, int low, double t)
    {
        double y1 = y[low], y2 = y[low + 1];
        double y0 = low > 0 ? y[low - 1] : (2 * y1) - y2, y3 = low + 2 < y.Length ? y[low + 2] : (2 * y2) - y1;
        return y1 + (0.5 * t * (y2 - y0 + (t * ((2 * y0) - (5 * y1) + (4 * y2) - y3 + (t * ((3 * (y1 - y2)) + y3 - y0))))));
    }
}
