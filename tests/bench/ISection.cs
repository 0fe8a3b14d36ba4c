namespace Edge.Bench;

/// <summary>A part of docs/measurements.md, and the program that measures it. A new one is a class that is added to the
/// list in Program.cs.</summary>
internal interface ISection
{
    /// <summary>One word: what the command line and the file call it.</summary>
    string Name { get; }

    /// <summary>Heading in the file.</summary>
    string Title { get; }

    /// <summary>Measures; every figure in the result was measured by this call.</summary>
    /// <exception cref="SectionSkippedException">Something it needs is not on this machine.</exception>
    SectionResult Run(BenchContext context);
}

/// <summary>What a section measured.</summary>
/// <param name="Notes">Sentences under the table: conditions, sources of figures that are not ours.</param>
internal sealed record SectionResult(IReadOnlyList<Row> Rows, params IReadOnlyList<string> Notes);

/// <summary>A section, or a figure of it, cannot be measured here; the message says what is missing.</summary>
internal sealed class SectionSkippedException(string message) : Exception(message);
