using System.IO.Compression;
using System.Security.Cryptography;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Appliance.Cards.Pcie;
using Edge.Images;
using Edge.Images.Signing;
using Edge.Tests.Cards.Pcie;
using Edge.Tests.Images;

namespace Edge.Tests.Cards.Loading;

/// <summary>A machine with a card: a bus of plain files, a thread that does what kernel and card would, a program in place of
/// openFPGALoader that keeps what it is given, and signed images. Fakes, all of them; only the host side is real.</summary>
internal sealed class FakeMachine : IDisposable
{
    public const string Slot = "0000:3b:00.0";
    public const string Part = "LFE5U-25F";
    public const string IdCode = "41111043";

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, CardImageManifest> designs = new(StringComparer.Ordinal);
    private readonly Thread thread;
    private volatile bool ends;
    private ulong barAddress = 0xDF000000;

    public FakeMachine()
    {
        Bus = new(folder.File("sys"));
        Keys = new(folder.File("keys"));
        Keys.New("site", passphrase: null);
        Old = Image("old", 1);
        New = Image("new", 2);
        Bus.Insert(Slot);
        Card = new(Resource, Old.Manifest, engaged: true);
        Folder.Hold().Dispose();
        Folder.Install(Old, golden: true);
        Program("cp \"$last\" " + folder.File("flash"));
        thread = new(Live) { IsBackground = true };
        thread.Start();
    }

    public FakeBus Bus { get; }

    public KeyStore Keys { get; }

    public FakeCard Card { get; private set; }

    /// <summary>What runs at first, and is installed.</summary>
    public CardImage Old { get; }

    public CardImage New { get; }

    public string State => folder.File("state");

    public CardFolder Folder => new(State, Slot);

    public LoadHistory History => new(State);

    public string Path => folder.Path;

    public List<LoadedStep> Steps { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>The driver keeps the card.</summary>
    public bool DriverHolds { get; set; }

    /// <summary>The card does not come back after the first so many rescans.</summary>
    public int RescansLost { get; set; }

    /// <summary>Done to a card that has come back.</summary>
    public Action<FakeCard, CardImageManifest>? CameBack { get; set; }

    /// <summary>Of the bridge's control word: bit 6 was seen.</summary>
    public bool WasReset { get; private set; }

    public string[] Calls => File.Exists(folder.File("calls")) ? File.ReadAllLines(folder.File("calls")) : [];

    public Dictionary<string, string> Environment => new(StringComparer.Ordinal)
    {
        ["PATH"] = $"{folder.File("bin")}:{System.Environment.GetEnvironmentVariable("PATH")}",
        ["EDGE_SYSFS"] = Bus.Root,
        ["EDGE_STATE"] = State,
        ["EDGE_KEYS"] = Keys.Folder,
    };

    private string Resource => System.IO.Path.Combine(Bus.FolderOf(Slot), "resource0");

    /// <summary>Puts a program in place of openFPGALoader.</summary>
    /// <param name="whenLoading">Shell lines; <c>$last</c> is the bitstream.</param>
    public void Program(string whenLoading)
    {
        Directory.CreateDirectory(folder.File("bin"));
        string path = folder.File("bin/openFPGALoader");
        File.WriteAllText(path, $$"""
            #!/bin/sh
            echo "$@" >> {{folder.File("calls")}}
            if [ "$(cut -d' ' -f6 /proc/$$/stat)" = "$(cut -d' ' -f6 /proc/{{System.Environment.ProcessId}}/stat)" ]; then echo "not in a session of its own"; exit 9; fi
            for last; do :; done
            if [ "$last" = --detect ]; then printf 'index 0:\n\tidcode 0x{{IdCode}}\n\tmanufacturer lattice\n'; exit 0; fi
            {{whenLoading}}

            """);
#pragma warning disable CA1416 // the card's host is Linux
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
    }

    public string FileAt(string name) => folder.File(name);

    public SafeLoad Load(ICardLoader? loader = null) => new(loader ?? Loader(), Folder, History, Keys, Steps.Add, text =>
    {
        lock (Notes)
        {
            Notes.Add(text);
        }
    });

    public PcieCardLoader Loader() => new(
        Bus.Discovery, PciAddress.Parse(Slot), Part, new OpenFpgaLoader(toFlash: true, "ft2232", null, null, folder.File("bin/openFPGALoader")), TimeSpan.FromSeconds(2));

    /// <summary>A signed image whose bitstream differs from the others' by a comment in it.</summary>
    public CardImage Image(string name, byte mark)
    {
        using var packed = new GZipStream(File.OpenRead(Repository.Path("tests", "host", "Images", "vectors", "ecp5-25f.bit.gz")), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        packed.CopyTo(whole);
        byte[] bitstream = Marked(whole.ToArray(), mark);
        CardImageManifest manifest = SampleImages.Simulated with
        {
            Kind = CardImage.OpenBitstreamKind,
            Part = Part,
            ShellId = Edge.Images.Bitstreams.Bitstream.Parse(bitstream).ShellId,
            NetworkName = name,
            NetworkHash = Convert.ToHexStringLower(SHA256.HashData([mark])),
            BuildId = mark,
            RegisterMapHash = CardRegisters.MapHash,
            ClockReachedBy = "a test",
        };
        CardImage image = CardImage.Create(manifest, bitstream, "{}");
        designs[CardImage.Checksum(bitstream)] = image.Manifest;
        using SigningKey key = Keys.OpenSiteKey(null);
        return key.Sign(image);
    }

    public void Dispose()
    {
        ends = true;
        thread.Join();
        Card.Dispose();
        folder.Dispose();
    }

    // The comment field of the file: letters before the preamble, which no checksum covers.
    private static byte[] Marked(byte[] bitstream, byte mark)
    {
        int letter = Array.FindIndex(bitstream, value => char.IsAsciiLetter((char)value));
        Assert.InRange(letter, 0, 200);
        bitstream[letter] = (byte)('A' + mark);
        return bitstream;
    }

    private void Live()
    {
        for (; !ends; Thread.Sleep(1))
        {
            Card.Turn();
            if (Bus.Taken("bus/pci/drivers/vfio-pci/unbind") == Slot && !DriverHolds)
            {
                Bus.Unbind(Slot);
            }

            if (Bus.Taken(FakeBus.NameOf(Slot, "remove")) == "1")
            {
                Bus.Remove(Slot);
            }

            WasReset |= (File.ReadAllBytes(Bus.BridgeConfig)[0x3E] & 0x40) != 0;
            if (Bus.Taken("bus/pci/rescan") == "1" && !Directory.Exists(Bus.FolderOf(Slot)) && RescansLost-- <= 0)
            {
                ComeBack();
            }

            if (Bus.Taken("bus/pci/drivers_probe") == Slot)
            {
                Bus.Bind(Slot, File.ReadAllText(Bus.File(FakeBus.NameOf(Slot, "driver_override"))));
            }
        }
    }

    private void ComeBack()
    {
        Bus.Insert(Slot, driver: null, barAddress: barAddress += 0x100000);
        CardImageManifest design = File.Exists(folder.File("flash")) ? designs[CardImage.Checksum(File.ReadAllBytes(folder.File("flash")))] : Old.Manifest;
        Card.Dispose();
        var card = new FakeCard(Resource, design);
        CameBack?.Invoke(card, design);
        Card = card;
    }
}
