using System.Buffers.Binary;
using System.Net.Sockets;

namespace Edge.Appliance.Cards.Running;

/// <summary>Who is at the other end of a Unix socket, as the kernel says: it cannot be forged.</summary>
public static class Peer
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17; // SO_PEERCRED: pid, uid, gid

    /// <summary>Number of the user.</summary>
    public static uint User(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length
            ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..])
            : uint.MaxValue;
    }

    /// <summary>Name of a user; its number where it has none.</summary>
    public static string Name(uint user)
    {
        try
        {
            // name:password:uid:...
            string[]? entry = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[2] == $"{user}");
            return entry?[0] ?? $"{user}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{user}";
        }
    }
}
