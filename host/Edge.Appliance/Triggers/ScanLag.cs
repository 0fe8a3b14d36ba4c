using Edge.Appliance.Triggers.RunFiles;

namespace Edge.Appliance.Triggers;

/// <summary>Where the probe really was while a pixel of a fast line collected its signal: coils follow exponentially, and
/// the signal comes a little after its electron. Both are known from a calibration and would shift sites against the
/// overview.</summary>
public static class ScanLag
{
    /// <summary>Mean position of each column, angstrom.</summary>
    public static double[] ColumnPositions(int pixels, double pitch, VisitRunFile file)
    {
        double dwell = file.OverviewDwellSeconds;
        double constant = file.Calibration is { } known && !file.ScanTimeConstantGiven ? known.ScanTimeConstant.Value * 1e-9 : file.ScanTimeConstantSeconds;
        double kept = constant > 0 ? Math.Exp(-dwell / constant) : 0;
        double behind = 0; // position minus target at the beginning of the dwell
        var positions = new double[pixels];
        for (int column = 0; column < pixels; column++)
        {
            double target = (column + 0.5) * pitch;
            double mean = constant > 0 ? behind * constant / dwell * (1 - kept) : 0;
            double speed = behind * (kept - 1) / dwell;
            positions[column] = target + mean - (speed * file.SignalDelaySeconds);
            behind = (behind * kept) - pitch;
        }

        return positions;
    }
}
