namespace Edge.Appliance.Triggers.RunFiles;

/// <summary>What somebody probably meant who mistyped a name.</summary>
public static class NearestName
{
    /// <summary>A name within three edits, or two for short ones; null if none is so near.</summary>
    public static string? Of(string typed, IEnumerable<string> known) => typed.Length > 64
        ? null
        : known
            .Select(name => (Name: name, Edits: Edits(name, typed)))
            .Where(candidate => candidate.Edits <= (Math.Min(typed.Length, candidate.Name.Length) <= 4 ? 2 : 3) && candidate.Edits < candidate.Name.Length)
            .OrderBy(candidate => candidate.Edits)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();

    /// <summary>Insertions, deletions, replacements and swaps of neighbours from one name to the other.</summary>
    private static int Edits(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }
}
