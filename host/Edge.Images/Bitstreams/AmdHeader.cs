namespace Edge.Images.Bitstreams;

/// <summary>The header of a .bit file: a magic field, then fields a to d of text, each with a 16-bit length, then e, the
/// 32-bit length of what follows. A .bin file has none.</summary>
internal static class AmdHeader
{
    private static readonly byte[] Magic = [0x00, 0x09, 0x0F, 0xF0, 0x0F, 0xF0, 0x0F, 0xF0, 0x0F, 0xF0, 0x00, 0x00, 0x01];

    private static readonly Dictionary<char, string> Names = new() { ['a'] = "design", ['b'] = "part", ['c'] = "date", ['d'] = "time" };

    public static bool Recognises(ReadOnlySpan<byte> file) => file.StartsWith(Magic);

    /// <summary>The fields, and where the bitstream begins.</summary>
    public static (Dictionary<string, string> Fields, int Start) Read(ReadOnlySpan<byte> file)
    {
        var fields = new Dictionary<string, string>();
        if (!Recognises(file))
        {
            return (fields, 0);
        }

        var reader = new ByteReader(file, Magic.Length);
        while (true)
        {
            int at = reader.Position;
            char key = (char)reader.Byte();
            if (key == 'e')
            {
                uint length = reader.DoubleWord();
                return length == reader.Left ? (fields, reader.Position)
                    : throw new InvalidDataException($"its header promises {length} bytes, {reader.Left} are there. Cut or damaged; copy or build it again.");
            }

            if (!Names.TryGetValue(key, out string? name) || !fields.TryAdd(name, System.Text.Encoding.Latin1.GetString(reader.Take(reader.Word())).TrimEnd('\0')))
            {
                throw new InvalidDataException($"byte {at}: field {(int)key:X2} in its header; a, b, c, d and e are allowed, once each. The file is damaged; copy or build it again.");
            }
        }
    }

    public static bool IsPartial(Dictionary<string, string> fields) =>
        fields.GetValueOrDefault("design", string.Empty).Split(';').Contains("PARTIAL=TRUE", StringComparer.OrdinalIgnoreCase);
}
