using System.CommandLine;
using System.Globalization;
using Edge.Appliance.Cards;
using Edge.Cli.Output;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

/// <summary>Looks at registers by name, and writes one.</summary>
internal static class CardRegistersCommand
{
    private sealed record FieldRow(string Name, long Value, string? Meaning, string Unit);

    private sealed record Row(string Name, string Address, string Access, ulong Value, string Hexadecimal, string Unit, IReadOnlyList<FieldRow> Fields, string Description);

    public static Command Create()
    {
        var command = new Command("registers", "Show the registers of a running card, or write one");
        var name = new Argument<string?>("REGISTER") { Description = "name, name.field or name[3]; name=value writes. Without: all", Arity = ArgumentArity.ZeroOrOne };
        var force = new Option<bool>("--force") { Description = "Write even while the interlock is engaged" };
        command.Add(name);
        command.Add(force);
        name.CompletionSources.Add(_ => CardRegisterMap.Registers.Select(register => new System.CommandLine.Completions.CompletionItem(register.Name)));
        AttachedCard.Options options = AttachedCard.Options.AddTo(command);
        Terminal.Handle(command, (parsed, terminal, _) =>
        {
            RegisterName? chosen = parsed.GetValue(name) is { } text ? RegisterName.Parse(text) : null;
            using AttachedCard card = options.Attach(parsed);
            if (chosen is { Value: not null })
            {
                Write(card, chosen, parsed.GetValue(force));
            }

            CardRegister[] registers = chosen is null ? [.. CardRegisterMap.Registers.Where(register => register.IsReadable)] : [chosen.Register];
            Row[] rows = [.. registers.SelectMany(register => Rows(card, register, chosen))];
            terminal.Result(new { Card = card.Name, Registers = rows }, output => Print(output, card.Name, rows, all: chosen is null));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(AttachedCard card, RegisterName chosen, bool force)
    {
        bool wide = chosen.Register.Width == 64;
        uint[] now = chosen.Register.Access == RegisterAccess.ReadWrite ? card.Read(wide ? [chosen.Address, chosen.Address + 4] : [chosen.Address]) : [0, 0];
        ulong word = chosen.Word(now[0] | (wide ? (ulong)now[1] << 32 : 0));
        uint state = card.Read([CardRegisters.StatusAddress])[0] & CardRegisters.StatusInterlockMask;
        if (state == (uint)InterlockState.Engaged && !force)
        {
            throw new InvalidInputException($"{chosen.Register.Name} was not written: the interlock is engaged, a write may change what the beam does. Give --force if you mean it.");
        }

        card.Write(chosen.Address, (uint)word, force);
        if (wide)
        {
            card.Write(chosen.Address + 4, (uint)(word >> 32), force);
        }
    }

    private static IEnumerable<Row> Rows(AttachedCard card, CardRegister register, RegisterName? chosen)
    {
        if (!register.IsReadable)
        {
            yield return new(register.Name, Hexadecimal(register.Address, 4), Words(register.Access), 0, "-", register.Unit, [], register.Description + " It reads 0.");
            yield break;
        }

        int[] elements = chosen is { Index: > 0 } ? [chosen.Index] : [.. Enumerable.Range(0, register.Count)];
        uint[] words = card.Read(register.Width == 64 ? [register.Address, register.Address + 4] : [.. elements.Select(k => register.Address + (uint)(4 * k))]);
        if (register.Width == 64)
        {
            ulong value = words[0] | ((ulong)words[1] << 32);
            yield return new(register.Name, Hexadecimal(register.Address, 4), Words(register.Access), value, Hexadecimal(value, 16), register.Unit, [], register.Description);
            yield break;
        }

        for (int i = 0; i < elements.Length; i++)
        {
            uint word = words[i];
            FieldRow[] fields = [.. register.Fields.Where(field => chosen?.Field is null || field.Name == chosen.Field.Name).Select(field =>
            {
                long value = field.Of(word);
                string? meaning = field.Values.Where(known => known.Value == value).Select(known => known.Name).FirstOrDefault();
                return new FieldRow(field.Name, value, meaning, field.Unit);
            })];
            string name = register.Count > 1 ? $"{register.Name}[{elements[i]}]" : register.Name;
            yield return new(name, Hexadecimal(register.Address + (uint)(4 * elements[i]), 4), Words(register.Access), word, Hexadecimal(word, 8), register.Unit, fields, register.Description);
        }
    }

    private static void Print(TextWriter text, string card, Row[] rows, bool all)
    {
        text.WriteLine(card);
        foreach (Row row in rows)
        {
            string value = row.Fields.Count == 0 && row.Hexadecimal != "-" ? $"{row.Value.ToString(CultureInfo.InvariantCulture)} {row.Unit}".TrimEnd() : string.Empty;
            text.WriteLine($"{row.Address}  {row.Name,-26} {row.Hexadecimal,-18}  {value}".TrimEnd());
            foreach (FieldRow field in row.Fields.Where(field => field.Name.Length > 0))
            {
                string meaning = field.Meaning is { } known ? $" = {known}" : string.Empty;
                text.WriteLine($"        .{field.Name,-25} {field.Value.ToString(CultureInfo.InvariantCulture)}{(field.Unit.Length > 0 ? " " + field.Unit : string.Empty)}{meaning}");
            }

            if (!all)
            {
                text.WriteLine($"        {row.Description} ({row.Access})");
            }
        }
    }

    private static string Words(RegisterAccess access) => access switch
    {
        RegisterAccess.ReadWrite => "read, write",
        RegisterAccess.Command => "write 1: pulse",
        RegisterAccess.WriteOneToClear => "read, write 1 to clear",
        RegisterAccess.Window => "window",
        RegisterAccess.Write => "write",
        RegisterAccess.Constant => "constant",
        _ => "read",
    };

    private static string Hexadecimal(ulong value, int digits) => "0x" + value.ToString("X" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
