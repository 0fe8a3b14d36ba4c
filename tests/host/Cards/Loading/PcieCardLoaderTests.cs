using System.Diagnostics;
using System.Globalization;
using Edge.Appliance.Cards;
using Edge.Appliance.Cards.Loading;
using Edge.Tests.Cards.Pcie;
using Edge.Tests.Cli;

namespace Edge.Tests.Cards.Loading;

/// <summary>Loading through sysfs and openFPGALoader, on a machine of plain files: what can go wrong on a bus, one by one.</summary>
public sealed class PcieCardLoaderTests : IDisposable
{
    private readonly FakeMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Theory]
    [InlineData("gone", LoadStep.Blank, "the card reads all ones: it is gone from the bus")]
    [InlineData("deaf", LoadStep.Blank, "the interlock reads Engaged, permit_beam 1, after it was told to stop")]
    [InlineData("driver", LoadStep.Unbind, "driver vfio-pci does not let go of the card")]
    [InlineData("program", LoadStep.Load, "ended with 3: cable not found")]
    [InlineData("away", LoadStep.Rescan, "the card does not come back on the bus")]
    [InlineData("other network", LoadStep.Identify, "the card shows network")]
    [InlineData("other build", LoadStep.Identify, "the card shows build 00000063, the image says 00000002")]
    [InlineData("no clock", LoadStep.SelfTest, "the card's clock runs at 0.0 MHz, the image says 100")]
    [InlineData("slow clock", LoadStep.SelfTest, "the card's clock runs at")]
    [InlineData("armed", LoadStep.SelfTest, "the interlock reads Engaged")]
    public void WhatGoesWrong_IsSaid_AndTheImageBeforeComesBack(string what, LoadStep step, string message)
    {
        switch (what)
        {
            case "gone": machine.Card.Vanish(); break;
            case "deaf": machine.Card.IsDeaf = true; break;
            case "driver": machine.DriverHolds = true; break;
            case "program": machine.Program($"if [ ! -e {machine.FileAt("once")} ]; then touch {machine.FileAt("once")}; echo 'cable not found' >&2; exit 3; fi; cp \"$last\" {machine.FileAt("flash")}"); break;
            case "away": machine.RescansLost = 1; break;
            default:
                machine.CameBack = (card, design) =>
                {
                    if (design == machine.New.Manifest)
                    {
                        Break(what, card);
                    }
                };
                break;
        }

        CardLoadException error = Assert.Throws<CardLoadException>(() => machine.Load().Run(machine.New, silent: false, golden: false, CancellationToken.None));
        Assert.Equal(step, error.Step);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(machine.Old.Manifest, machine.Folder.Current);
        if (what == "driver")
        {
            Assert.Contains("The card still holds the image before, beam blanked", error.Message, StringComparison.Ordinal);
            Assert.Null(machine.Folder.Journal);
        }
        else if (step > LoadStep.Unbind)
        {
            Assert.Equal(machine.Old.Manifest.ImageId, error.Restored);
            Assert.True(machine.Card.IsTripped);
            Assert.Equal(machine.Old.Manifest.BuildId, machine.Card.Read(0x4C0));
        }
    }

    [Fact]
    public void ACardThatDoesNotAnswer_IsLoaded_WhenTheOperatorVouches()
    {
        machine.Card.Vanish();
        machine.Load().Run(machine.New, silent: true, golden: false, CancellationToken.None);
        Assert.StartsWith("passed over: the card reads all ones", machine.Steps[5].Found, StringComparison.Ordinal);
        Assert.True(machine.Card.IsTripped);
    }

    [Fact]
    public void TheBusMasterBit_IsTakenAway()
    {
        string config = Path.Combine(machine.Bus.FolderOf(FakeMachine.Slot), "config");
        byte[] bytes = File.ReadAllBytes(config);
        bytes[4] = 0x07;
        File.WriteAllBytes(config, bytes);
        machine.Card.Write(CardRegisters.EventRingAddress, CardRegisters.EventRingEnableMask | (6 << CardRegisters.EventRingRecordsLog2Shift));
        Assert.Equal("event ring drained, bus master off", machine.Loader().StopDma());
        Assert.Equal(0u, machine.Card.Read(CardRegisters.EventRingAddress));
        Assert.Equal(0x03, File.ReadAllBytes(config)[4]);
    }

    [Fact]
    public void CardLoad_AndInfo_AndHistory_SayWhatHappened()
    {
        machine.New.Write(machine.FileAt("new.card"));
        string[] load = ["card", "load", machine.FileAt("new.card"), "--card", FakeMachine.Slot, "--cable", "ft2232"];
        EdgeResult result = Edge([.. load, "--json"]).Succeeded();
        Assert.Equal(machine.New.Manifest.ImageId, result.Json.GetProperty("image_id").GetString());
        Assert.Equal(14, result.Json.GetProperty("steps").GetArrayLength());
        Assert.Contains("blank     interlock tripped", result.Errors, StringComparison.Ordinal);

        EdgeResult info = Edge("card", "info", "--card", FakeMachine.Slot).Succeeded();
        Assert.Contains($"image      {machine.New.Manifest.ImageId}, network new", info.Output, StringComparison.Ordinal);
        Assert.Contains("interlock  tripped, beam blanked: the card was reset or configured anew", info.Output, StringComparison.Ordinal);
        Assert.Contains("Loaded    " + machine.New.Manifest.ImageId, Edge("image", "history").Succeeded().Output, StringComparison.Ordinal);

        machine.Program("echo 'cable not found' >&2; exit 3");
        EdgeResult failed = Edge(load).Ended(3);
        Assert.Contains("cable not found", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("What the card holds is not known", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("WARNING    a load of image", Edge("card", "info", "--card", FakeMachine.Slot).Succeeded().Output, StringComparison.Ordinal);

        machine.Program($"cp \"$last\" {machine.FileAt("flash")}");
        Edge("card", "load", "--restore", "--card", FakeMachine.Slot, "--cable", "ft2232").Succeeded();
        Assert.Equal(machine.Old.Manifest, machine.Folder.Current);
    }

    [Theory]
    [InlineData("give either a FILE.card, or --restore", "--card", FakeMachine.Slot)]
    [InlineData("openFPGALoader must know the cable", "x.card", "--card", FakeMachine.Slot)]
    [InlineData("--via pigeon: flash, jtag and mcap are known", "x.card", "--card", FakeMachine.Slot, "--via", "pigeon")]
    [InlineData("shows no MCAP", "x.card", "--card", FakeMachine.Slot, "--via", "mcap")]
    [InlineData("--cable is for a card on the bus", "x.card", "--cable", "ft2232")]
    [InlineData("the image is a bitstream for LFE5U-25F", "x.card")]
    [InlineData("nothing was loaded from here yet, so its part is not known", "x.card", "--card", "0000:99:00.0", "--cable", "c")]
    [InlineData("'pcie' is no PCI address", "x.card", "--card", "pcie")]
    [InlineData("there is no such file", "none.card")]
    public void WrongCommands_AreRefused(string message, params string[] arguments)
    {
        machine.New.Write(machine.FileAt("x.card"));
        Edge(["card", "load", .. arguments]).Refused(message);
    }

    [Fact]
    public void Killed_InTheMiddle_ItLeavesWord_AndTheNextLoadMends()
    {
        machine.New.Write(machine.FileAt("new.card"));
        machine.Program($"touch {machine.FileAt("begun")}; exec sleep 2");
        using (Process process = Start())
        {
            Await(() => File.Exists(machine.FileAt("begun")));
            process.Kill();
            process.WaitForExit();
        }

        Assert.Equal(LoadStep.Load, machine.Folder.Journal!.Step);
        Assert.Contains("WARNING    a load of image", Edge("card", "info", "--card", FakeMachine.Slot).Succeeded().Output, StringComparison.Ordinal);
        Assert.True(machine.Card.IsTripped);
        machine.Program($"cp \"$last\" {machine.FileAt("flash")}");
        EdgeResult again = EdgeProgram.Finish(Start(), ["card"]).Succeeded();
        Assert.Contains("was cut at step 'load'", again.Errors, StringComparison.Ordinal);
        Assert.Null(machine.Folder.Journal);
        Assert.Equal(machine.New.Manifest, machine.Folder.Current);
    }

    [Fact]
    public void CtrlC_InTheMiddle_LetsTheLoadEnd()
    {
        machine.New.Write(machine.FileAt("new.card"));
        machine.Program($"touch {machine.FileAt("begun")}; sleep 3; cp \"$last\" {machine.FileAt("flash")}");
        using Process process = Start();
        Await(() => File.Exists(machine.FileAt("begun")));
        using (Process interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            interrupt.WaitForExit();
        }

        EdgeProgram.Finish(process, ["card"]).Succeeded();
        Assert.Equal(machine.New.Manifest, machine.Folder.Current);
        Assert.True(machine.Card.IsTripped);
    }

    private static void Break(string what, FakeCard card)
    {
        switch (what)
        {
            case "other network": card.Write(CardRegisters.NetworkHashAddress, 7); break;
            case "other build": card.Write(0x4C0, 99); break;
            case "no clock": card.Megahertz = 0; break;
            case "slow clock": card.Megahertz = 50; break;
            default: card.Write(CardRegisters.StatusAddress, CardRegisters.StatusInterlockEngaged); break;
        }
    }

    private static void Await(Func<bool> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition(); Thread.Sleep(5))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "it never began");
        }
    }

    private Process Start() => EdgeProgram.Start(machine.Path, machine.Environment, "card", "load", machine.FileAt("new.card"), "--card", FakeMachine.Slot, "--cable", "ft2232");

    private EdgeResult Edge(params string[] arguments) => EdgeProgram.Run(machine.Path, machine.Environment, arguments);
}
