namespace Edge.Networks.Onnx;

/// <summary>Walks the outermost fields of a protobuf message to say where it stops making sense
/// (protobuf.dev, "Encoding": tag = field number * 8 + wire type).</summary>
internal static class WireScan
{
    /// <summary>What is wrong at the top level, in words; null when only something inside a field is.</summary>
    public static string? FirstFault(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            int start = at;
            if (!TryVarint(bytes, ref at, out ulong tag))
            {
                return $"the file ends inside a field tag at byte {start} of {bytes.Length}";
            }

            ulong field = tag >> 3;
            ulong length = (tag & 7) switch
            {
                0 => TryVarint(bytes, ref at, out _) ? 0UL : ulong.MaxValue,
                1 => 8,
                2 => TryVarint(bytes, ref at, out ulong size) ? size : ulong.MaxValue,
                5 => 4,
                _ => ulong.MaxValue - 1,
            };
            if (length == ulong.MaxValue - 1 || field == 0)
            {
                return $"byte {start} begins no field that protobuf knows (tag {tag})";
            }

            if (length > (ulong)(bytes.Length - at))
            {
                return length == ulong.MaxValue
                    ? $"the file ends inside field {field}, which begins at byte {start} of {bytes.Length}"
                    : $"field {field} at byte {start} claims {length} bytes, but only {bytes.Length - at} of the file's {bytes.Length} follow";
            }

            at += (int)length;
        }

        return null;
    }

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
