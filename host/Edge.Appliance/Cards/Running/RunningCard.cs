using System.Net.Sockets;
using System.Text.Json;

namespace Edge.Appliance.Cards.Running;

/// <summary>A card that another program on this machine drives, reached through its socket.</summary>
/// <param name="Path">Of the socket.</param>
public sealed record RunningCard(string Path)
{
    /// <summary>How long a program may take to answer: it answers between two accesses, so a second is long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>All sockets that are there; a program that ended badly leaves one behind.</summary>
    public static IReadOnlyList<RunningCard> Find()
    {
        var found = new List<RunningCard>();
        foreach (string folder in SocketFolders.ToLookIn().Where(Directory.Exists))
        {
            try
            {
                found.AddRange(Directory.EnumerateFiles(folder, "*.sock").Order(StringComparer.Ordinal).Select(path => new RunningCard(path)));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A folder that cannot be listed holds no sockets that could be reached.
            }
        }

        return found;
    }

    /// <returns>The answer; null: nobody is there any more, and the socket was removed if that was allowed.</returns>
    /// <exception cref="IOException">Somebody is there and does not answer, or answers nonsense.</exception>
    public CardAnswer? Ask(CardRequest request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.ReceiveTimeout = socket.SendTimeout = (int)Patience.TotalMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(Path));
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable || !File.Exists(Path))
        {
            Forget();
            return null;
        }
        catch (SocketException error)
        {
            throw new IOException($"cannot be reached ({error.Message})", error);
        }

        try
        {
            using var stream = new NetworkStream(socket);
            CardMessages.Write(stream, request);
            byte[]? line = CardMessages.ReadLine(new BufferedStream(stream));

            // A program that ends while it is asked closes the socket: its card went with it.
            return line is null ? (File.Exists(Path) ? throw new IOException("closed the connection without an answer") : null)
                : JsonSerializer.Deserialize<CardAnswer>(line, CardMessages.Json) ?? throw new IOException("gave an empty answer");
        }
        catch (IOException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } && !File.Exists(Path))
        {
            return null; // it ended while it was asked
        }
        catch (Exception error) when (error is JsonException or SocketException || (error is IOException && error.InnerException is SocketException))
        {
            throw new IOException(error is JsonException ? "gave an answer that is not understood" : $"does not answer within {Patience.TotalSeconds:0} s", error);
        }
    }

    private void Forget()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It belongs to somebody else, who will replace it.
        }
    }
}
