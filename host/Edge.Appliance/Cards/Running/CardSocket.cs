using System.Net.Sockets;
using System.Text.Json;
using Edge.Networks;

namespace Edge.Appliance.Cards.Running;

/// <summary>Listens while a program drives a card. Anybody on this machine may stop the card and look at it; only the
/// program's own user and root may write registers.</summary>
public sealed class CardSocket : IDisposable
{
    /// <summary>Longest socket path that Linux takes, its final 0 not counted.</summary>
    private const int LongestPath = 107;

    private const int PatienceMilliseconds = 2000;
    private const UnixFileMode AnybodyConnects =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static int made;

    private readonly GuardedCard card;
    private readonly string run;
    private readonly Socket listener;
    private readonly uint owner;
    private int answering;

    private CardSocket(GuardedCard card, string run, string path)
    {
        (this.card, this.run, Path) = (card, run, path);
        listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, AnybodyConnects);
        }

        listener.Listen(64);
        owner = Own();
        new Thread(Accept) { IsBackground = true, Name = "card socket" }.Start();
    }

    public string Path { get; }

    /// <param name="run">What the program does, as its user called it.</param>
    /// <exception cref="InvalidInputException">No socket can be made; the run must not begin then.</exception>
    public static CardSocket Open(GuardedCard card, string run)
    {
        string path = System.IO.Path.Combine(SocketFolders.ToListenIn(), $"{Environment.ProcessId}-{Interlocked.Increment(ref made)}.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestPath)
        {
            throw new InvalidInputException($"{path}: too long for a socket; {LongestPath} bytes are possible. Set {SocketFolders.Variable} to a shorter folder.");
        }

        try
        {
            File.Delete(path); // of an earlier process of this number, which has ended
            return new(card, run, path);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: no socket can be made ({error.Message}), so nobody could stop this run with 'edge stop'.", error);
        }
    }

    /// <summary>Ends it when those that were asked something have their answer: a stop ends the run, and who stopped it
    /// must still be told.</summary>
    public void Dispose()
    {
        listener.Dispose();
        File.Delete(Path);
        SpinWait.SpinUntil(() => Volatile.Read(ref answering) == 0, PatienceMilliseconds);
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                Socket client = listener.Accept();
                new Thread(() => Serve(client)) { IsBackground = true, Name = "card socket client" }.Start();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return; // disposed
            }
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            using var stream = new NetworkStream(client, ownsSocket: true);
            client.ReceiveTimeout = client.SendTimeout = PatienceMilliseconds;
            uint user = Peer.User(client);
            using var lines = new BufferedStream(stream);
            while (CardMessages.ReadLine(lines) is { } line)
            {
                Interlocked.Increment(ref answering);
                try
                {
                    CardMessages.Write(stream, Answer(line, user));
                }
                finally
                {
                    Interlocked.Decrement(ref answering);
                }
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // The other side has gone, or says nothing.
        }
    }

    private CardAnswer Answer(byte[] line, uint user)
    {
        var answer = new CardAnswer(null, Environment.ProcessId, run, Peer.Name(owner));
        CardRequest? request;
        try
        {
            request = JsonSerializer.Deserialize<CardRequest>(line, CardMessages.Json);
        }
        catch (JsonException error)
        {
            return answer with { Error = $"not understood: {error.Message}" };
        }

        try
        {
            switch (request)
            {
                case { Command: "stop" }:
                    StopOutcome outcome = card.Stop(Peer.Name(user));
                    return answer with { Confirmed = outcome.Confirmed, State = outcome.State, BlankedAt = outcome.BlankedAt };
                case { Command: "status" }:
                    string? state = card.Aside(control => control.Summary().State);
                    return state is null ? Ended(answer) : answer with { State = state };
                case { Command: "read", Addresses: { Length: <= CardMessages.MostRegisters } addresses }:
                    uint[]? values = card.Aside(control => addresses.Select(control.ReadRegister).ToArray());
                    return values is null ? Ended(answer) : answer with { Values = values };
                case { Command: "write" } write:
                    return WriteRegister(answer, write, user);
                default:
                    return answer with { Error = "not understood: a command stop, status, read or write is expected" };
            }
        }
        catch (Exception error) when (error is CardStoppedException or InvalidOperationException)
        {
            return answer with { Error = error.Message };
        }
    }

    private CardAnswer WriteRegister(CardAnswer answer, CardRequest write, uint user)
    {
        if (user != owner && user != 0)
        {
            return answer with { Error = $"user {Peer.Name(user)} may look at this card and stop it; registers are written by {Peer.Name(owner)}, whose run it is, or root" };
        }

        string? done = card.Aside(control =>
        {
            if (control.Interlock == InterlockState.Engaged && !write.Force)
            {
                return "the interlock is engaged: a write may change what the beam does. Give --force if you mean it";
            }

            control.WriteRegister(write.Address, write.Value);
            return string.Empty;
        });
        return done is null ? Ended(answer) : answer with { Error = done.Length > 0 ? done : null };
    }

    private static CardAnswer Ended(CardAnswer answer) => answer with { Error = "the run has ended" };

    private uint Own()
    {
        // A socket to oneself shows one's own number, without a call into libc.
        using var to = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        to.Connect(new UnixDomainSocketEndPoint(Path));
        using Socket own = listener.Accept();
        return Peer.User(own);
    }
}
