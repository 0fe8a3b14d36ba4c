using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Images;

/// <summary>JSON in one form only: what reads back to the same object but is written differently is refused, so that no two
/// programs can see different things in one file.</summary>
internal static class CanonicalJson
{
    public const int DeepestNesting = 4;

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        MaxDepth = DeepestNesting,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        IgnoreReadOnlyProperties = true,
    };

    public static byte[] Write<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Options), (byte)'\n'];

    /// <param name="what">What is read, for messages: <c>its manifest</c>.</param>
    /// <exception cref="InvalidDataException">Not this, or not in this form.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes, string what)
        where T : class
    {
        T value;
        try
        {
            value = JsonSerializer.Deserialize<T>(bytes, Options) ?? throw new InvalidDataException($"{what} is not understood (it is null).");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{what} is not understood ({error.Message}).", error);
        }

        byte[] form = Write(value);
        int same = bytes.CommonPrefixLength(form);
        return same == bytes.Length && same == form.Length ? value
            : throw new InvalidDataException($"{what} is written differently from byte {same} on. It was edited, or written by another program.");
    }
}
