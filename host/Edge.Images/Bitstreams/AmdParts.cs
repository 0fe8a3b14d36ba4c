namespace Edge.Images.Bitstreams;

/// <summary>JTAG identities of AMD parts (UG470 table 1-1, UG570 table 1-5), without the revision.</summary>
internal static class AmdParts
{
    /// <summary>The upper four bits are the revision.</summary>
    public const uint IdCodeMask = 0x0FFFFFFF;

    private static readonly Dictionary<uint, string> Names = new()
    {
        [0x3620093] = "xc7s15", [0x37C4093] = "xc7s25", [0x362F093] = "xc7s50", [0x37C8093] = "xc7s75", [0x37C7093] = "xc7s100",
        [0x362E093] = "xc7a15t", [0x362D093] = "xc7a35t", [0x362C093] = "xc7a50t", [0x3632093] = "xc7a75t", [0x3631093] = "xc7a100t", [0x3636093] = "xc7a200t",
        [0x3647093] = "xc7k70t", [0x364C093] = "xc7k160t", [0x3651093] = "xc7k325t", [0x3747093] = "xc7k355t", [0x3656093] = "xc7k410t",
        [0x3752093] = "xc7k420t", [0x3751093] = "xc7k480t", [0x3671093] = "xc7v585t", [0x3687093] = "xc7vx485t", [0x3691093] = "xc7vx690t",
        [0x3823093] = "xcku035", [0x3822093] = "xcku040", [0x3919093] = "xcku060", [0x380F093] = "xcku085", [0x3844093] = "xcku095", [0x390D093] = "xcku115",
        [0x4A63093] = "xcku3p", [0x4A62093] = "xcku5p", [0x4A56093] = "xcku15p", [0x4B31093] = "xcvu9p",
    };

    public static string? NameOf(uint idCode) => Names.GetValueOrDefault(idCode & IdCodeMask);

    /// <param name="header">As a .bit header names it: <c>7a35tcsg324</c>, <c>xcvu9p-flga2104-1-e</c>.</param>
    public static bool IsAlike(string header, string name)
    {
        string bare = header.StartsWith("xc", StringComparison.OrdinalIgnoreCase) ? header : $"xc{header}";
        return bare.StartsWith(name, StringComparison.OrdinalIgnoreCase);
    }
}
