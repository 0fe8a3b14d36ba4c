using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Appliance.Cards;
using Edge.Networks;

namespace Edge.Cli.Output;

/// <summary>Where a command speaks: results on standard output, as text or (with --json) as one JSON object; progress and
/// errors on standard error.</summary>
public sealed class Terminal(bool json)
{
    public static readonly Option<bool> JsonOption = new("--json") { Description = "Print the result as one JSON object", Recursive = true };

    public static readonly JsonSerializerOptions JsonFormat = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>From Ctrl-C to the end of a command that does not end by itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly TextWriter log = Console.Error;

    public bool Json => json;

    /// <summary>For what a person should read while it goes on, more than a line: on standard error.</summary>
    public TextWriter Notes => log;

    /// <summary>Gives a command its action: errors become messages and exit codes, never stack traces.</summary>
    /// <param name="endsByItself">After Ctrl-C it goes on until it may stop, however long that takes.</param>
    public static void Handle(Command command, Func<ParseResult, Terminal, CancellationToken, int> action, bool endsByItself = false) =>
        command.SetAction(async (parsed, cancel) =>
        {
            Task<int> work = Task.Run(() => Guarded(parsed, action, cancel), CancellationToken.None);
            if (endsByItself)
            {
                return await work;
            }

            Task<int> stopped = StoppedAsync(parsed, cancel);
            return await await Task.WhenAny(work, stopped);
        });

    /// <summary>Says why a command line cannot be run.</summary>
    public static int RefuseUsage(ParseResult parsed, IReadOnlyList<string> faults)
    {
        string help = $"see '{Usage.Name(parsed.CommandResult.Command)} --help'.";
        bool json = parsed.Tokens.Any(token => token.Value == JsonOption.Name);
        return new Terminal(json).Fail(string.Join(Environment.NewLine, faults.Append(help)), ExitCode.BadInput);
    }

    /// <summary>Says that something goes on; a line each, so that it reads well in a log too.</summary>
    public void Progress(string message) => log.WriteLine($"edge: {message}");

    /// <summary>The command's result: the text for people, or the object as JSON.</summary>
    public void Result(object result, Action<TextWriter> text)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(result, JsonFormat));
        }
        else
        {
            text(Console.Out);
        }
    }

    /// <summary>Ends the command a while after Ctrl-C, when it is in a calculation that does not listen; nothing is written
    /// before such a calculation is over.</summary>
    private static async Task<int> StoppedAsync(ParseResult parsed, CancellationToken cancel)
    {
        var cancelled = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = cancel.Register(cancelled.SetResult);
        await cancelled.Task;
        await Task.Delay(Patience, CancellationToken.None);
        return new Terminal(parsed.GetValue(JsonOption)).Fail("stopped.", ExitCode.Cancelled);
    }

    private static int Guarded(ParseResult parsed, Func<ParseResult, Terminal, CancellationToken, int> action, CancellationToken cancel)
    {
        var terminal = new Terminal(parsed.GetValue(JsonOption));
        try
        {
            return action(parsed, terminal, cancel);
        }
        catch (OperationCanceledException)
        {
            return terminal.Fail("stopped.", ExitCode.Cancelled);
        }
        catch (Exception error) when (error is InvalidInputException or InvalidDataException)
        {
            return terminal.Fail(error.Message, ExitCode.BadInput);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return terminal.Fail(error.Message, ExitCode.BadInput);
        }
        catch (Edge.Networks.Onnx.ExportMismatchException error)
        {
            return terminal.Fail($"nothing was written: {error.Message}", ExitCode.Mismatch);
        }
        catch (CardStoppedException error)
        {
            return terminal.Fail(error.Message, ExitCode.CardStopped);
        }
        catch (Exception error) when (Environment.GetEnvironmentVariable("EDGE_DEBUG") is null)
        {
            return terminal.Fail($"internal error: {error.Message} (EDGE_DEBUG=1 shows where)", ExitCode.InternalError);
        }
    }

    private int Fail(string message, int code)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new { Error = message, ExitCode = code }, JsonFormat));
        }

        foreach (string line in message.Split(Environment.NewLine))
        {
            log.WriteLine($"edge: {line}");
        }

        return code;
    }
}
