using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards.Pcie;
using Edge.Cli.Output;

namespace Edge.Cli.Commands.Card;

internal static class CardListCommand
{
    public static Command Create()
    {
        var command = new Command("list", "Show the cards of this machine");
        Option<string?> sysfs = CardOptions.SysfsOption();
        command.Add(sysfs);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            Row[] cards =
            [
                new(CardOptions.Simulated, "simulated", Usable: true, "the card's own RTL in this program", null),
                .. CardOptions.Discovery(parsed, sysfs).Find().Select(Row.Of),
            ];
            terminal.Result(new { Cards = cards }, text =>
            {
                text.WriteLine($"{"card",-14} {"kind",-10} {"usable",-7} what");
                foreach (Row row in cards)
                {
                    text.WriteLine($"{row.Card,-14} {row.Kind,-10} {(row.Usable ? "yes" : "no"),-7} {row.What}");
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    private sealed record Row(string Card, string Kind, bool Usable, string What, PcieRow? Pcie)
    {
        public static Row Of(PcieDevice device) => new(
            device.Address.Text,
            "PCIe",
            device.Obstacle is null,
            device.Obstacle ?? $"driver {device.Driver}",
            new(Hexadecimal(device.VendorId), Hexadecimal(device.DeviceId), device.Driver, device.BarBytes, device.IommuGroup, device.CharacterDevices));

        private static string Hexadecimal(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);
    }

    private sealed record PcieRow(string Vendor, string Device, string? Driver, long BarBytes, string? IommuGroup, IReadOnlyList<string> CharacterDevices);
}
