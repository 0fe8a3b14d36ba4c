using System.Text.Json;

namespace Edge.Appliance.Cards.Running;

/// <summary>What is asked of a running card: one line of JSON.</summary>
/// <param name="Command"><c>stop</c>, <c>status</c>, <c>read</c> or <c>write</c>.</param>
/// <param name="Addresses">Registers to read, byte addresses; at most <see cref="CardMessages.MostRegisters"/>.</param>
/// <param name="Address">Register to write.</param>
public sealed record CardRequest(string Command, uint[]? Addresses = null, uint Address = 0, uint Value = 0, bool Force = false);

/// <summary>The answer: one line of JSON.</summary>
/// <param name="Error">Why nothing was done; null: it was.</param>
/// <param name="Process">Of the program that drives the card.</param>
/// <param name="Run">What it does, as the user called it.</param>
/// <param name="User">Whose program it is.</param>
/// <param name="Confirmed">Of a stop: the card says that the beam is blanked.</param>
/// <param name="State">Interlock and causes in words.</param>
/// <param name="Values">Registers, as asked for.</param>
public sealed record CardAnswer(
    string? Error, int Process, string Run, string User, bool Confirmed = false, string State = "", DateTimeOffset? BlankedAt = null, uint[]? Values = null);

/// <summary>Lines on the socket.</summary>
internal static class CardMessages
{
    public const int MostRegisters = 4096;

    /// <summary>Bytes of a line; what is longer is no message.</summary>
    public const int LongestLine = 1 << 17;

    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Reads to the end of a line.</summary>
    /// <returns>null: the other side ended, or the line is too long.</returns>
    public static byte[]? ReadLine(Stream stream)
    {
        var bytes = new List<byte>();
        for (int next = stream.ReadByte(); next >= 0 && bytes.Count < LongestLine; next = stream.ReadByte())
        {
            if (next == '\n')
            {
                return [.. bytes];
            }

            bytes.Add((byte)next);
        }

        return null;
    }

    public static void Write<T>(Stream stream, T message) => stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(message, Json), (byte)'\n']);
}
