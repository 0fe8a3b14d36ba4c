using System.Globalization;
using Edge.Appliance.Cards;
using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Cli.Commands.Card;

/// <summary>What a user writes for a register: <c>name</c>, <c>name.field</c>, <c>name[3]</c>, and to write one
/// <c>name=value</c>; the value is a number, 0x..., or the name of a value.</summary>
internal sealed record RegisterName(CardRegister Register, RegisterField? Field, int Index, string? Value)
{
    /// <summary>Byte address of the word, of 64 bits the low one.</summary>
    public uint Address => Register.Address + (uint)(4 * Index);

    /// <exception cref="InvalidInputException">No such register, field, element or value.</exception>
    public static RegisterName Parse(string text)
    {
        string[] sides = text.Split('=', 2);
        string name = sides[0].Trim();
        int index = 0;
        int bracket = name.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            if (!name.EndsWith(']') || !int.TryParse(name[(bracket + 1)..^1], NumberStyles.None, CultureInfo.InvariantCulture, out index))
            {
                throw new InvalidInputException($"'{name}': an element of a register is written name[3].");
            }

            name = name[..bracket];
        }

        string[] parts = name.Split('.', 2);
        string[] known = [.. CardRegisterMap.Registers.Select(register => register.Name)];
        CardRegister register = CardRegisterMap.Registers.FirstOrDefault(register => register.Name == parts[0])
            ?? throw new InvalidInputException($"'{parts[0]}' is no register{(NearestName.Of(parts[0], known) is { } near ? $"; did you mean '{near}'?" : ".")} 'edge card registers' lists all; docs/register-map.md explains them.");
        if (index >= register.Count)
        {
            throw new InvalidInputException($"{register.Name}[{index}]: it has {register.Count} element{(register.Count == 1 ? string.Empty : "s, 0 to " + (register.Count - 1))}.");
        }

        RegisterField? field = parts.Length == 1 ? null : register.Fields.FirstOrDefault(field => field.Name == parts[1])
            ?? throw new InvalidInputException($"{register.Name} has no field '{parts[1]}'. {(register.Fields.Count == 0 ? "It is one number." : "Fields: " + string.Join(", ", register.Fields.Select(field => field.Name)))}");
        return new(register, field, index, sides.Length == 2 ? sides[1].Trim() : null);
    }

    /// <summary>The word to write: the value in its place, other fields as they are.</summary>
    /// <param name="now">What the register reads.</param>
    /// <exception cref="InvalidInputException">It cannot be written, or the value does not fit.</exception>
    public ulong Word(ulong now)
    {
        if (Register.Access is RegisterAccess.Read or RegisterAccess.Constant)
        {
            throw new InvalidInputException($"{Register.Name} can only be read.");
        }

        int width = Field is { } part ? part.High - part.Low + 1 : Register.Width == 64 ? 64 : 32;
        bool signed = Field?.Signed ?? (Register.Fields is [{ Name: "" } whole] && whole.Signed);
        ulong most = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        ulong bits = Bits(width, signed, most);
        if (Field is not { } field)
        {
            return (bits & ~(ulong)Register.Mask & uint.MaxValue) == 0 || Register.Width == 64 ? bits
                : throw new InvalidInputException($"{Register.Name}: {Value} sets bits that it does not have; its bits are 0x{Register.Mask:X}.");
        }

        // Writing a command or a bit to clear must not repeat what the register shows.
        ulong rest = Register.Access == RegisterAccess.ReadWrite ? now & ~(most << field.Low) : 0;
        return rest | (bits << field.Low);
    }

    private ulong Bits(int width, bool signed, ulong most)
    {
        string text = Value ?? string.Empty;
        foreach ((string name, uint known) in Field?.Values ?? [])
        {
            if (name == text)
            {
                return known;
            }
        }

        bool hexadecimal = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (hexadecimal ? ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong value) : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            return value <= most ? value : throw Refused(width, most);
        }

        return signed && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long negative) && negative >= -(1L << (width - 1))
            ? (ulong)negative & most
            : throw Refused(width, most);
    }

    private InvalidInputException Refused(int width, ulong most)
    {
        string names = Field is { Values.Count: > 0 } field ? ", or " + string.Join(", ", field.Values.Select(value => value.Name)) : string.Empty;
        return new($"{Register.Name}{(Field is { } part ? "." + part.Name : string.Empty)}: found '{Value}'; a number of {width} bits is allowed, 0 to {most} or 0x{most:X}{names}.");
    }
}
