namespace Edge.Cli.Output;

/// <summary>Colours that colour-blind people can tell apart.</summary>
internal static class Palette
{
    /// <summary>Discrete colours after Okabe and Ito (jfly.uni-koeln.de/color, 2008), as #RRGGBB.</summary>
    private static readonly string[] Discrete = ["#56B4E9", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#999999"];

    /// <summary>Dark to bright with rising lightness: points of the map viridis.</summary>
    private static readonly (int R, int G, int B)[] Ramp = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)];

    public static string Of(int index) => Discrete[index % Discrete.Length];

    /// <param name="part">0 to 1; beyond is limited.</param>
    public static string Scale(double part)
    {
        double at = Math.Clamp(part, 0, 1) * (Ramp.Length - 1);
        int low = Math.Min((int)at, Ramp.Length - 2);
        double rest = at - low;
        int Mix(int a, int b) => (int)Math.Round(a + (rest * (b - a)));
        return $"#{Mix(Ramp[low].R, Ramp[low + 1].R):X2}{Mix(Ramp[low].G, Ramp[low + 1].G):X2}{Mix(Ramp[low].B, Ramp[low + 1].B):X2}";
    }
}
