namespace Edge.Appliance.Cards;

/// <summary>How a register may be accessed; the words of docs/register-map.md.</summary>
public enum RegisterAccess
{
    /// <summary>The hardware's value.</summary>
    Read,

    /// <summary>Keeps what was written.</summary>
    ReadWrite,

    /// <summary>A write is passed on; reads give 0.</summary>
    Write,

    /// <summary>A write is passed on; reads give the hardware's value.</summary>
    Window,

    /// <summary>Writing 1 to a field is a pulse of one clock; reads give 0.</summary>
    Command,

    Constant,

    /// <summary>The hardware sets bits, writing 1 clears them.</summary>
    WriteOneToClear,
}

/// <summary>When what was written to a setting takes effect. It reads back at once.</summary>
public enum RegisterCommit
{
    AtOnce,

    /// <summary>While no scan runs.</summary>
    Run,

    /// <summary>While the interlock is not engaged.</summary>
    Arm,
}

/// <summary>Bits of a register, or all of it; then the name is empty.</summary>
/// <param name="Values">Names of values.</param>
public sealed record RegisterField(string Name, int High, int Low, bool Signed, string Unit, string Description, IReadOnlyList<(string Name, uint Value)> Values)
{
    /// <summary>What a word of the register says of this field.</summary>
    public long Of(uint word)
    {
        int width = High - Low + 1;
        uint bits = (word >> Low) & (uint)((1UL << width) - 1);
        return Signed && (bits >> (width - 1)) != 0 ? bits - (1L << width) : bits;
    }
}

/// <summary>A register of the card, as rtl/card/registers.yaml describes it.</summary>
/// <param name="Address">Of its first byte.</param>
/// <param name="Width">32 or 64 bits; 64 are two words, the low one first.</param>
/// <param name="Count">Words of an array; else 1.</param>
/// <param name="Reset">After reset; of a constant: its value.</param>
/// <param name="Mask">Bits of a word that mean something; the others read 0.</param>
/// <param name="Varies">What it reads after reset depends on the network, the pins or the time.</param>
/// <param name="Fields">Empty where the whole register is one number.</param>
public sealed record CardRegister(
    string Name,
    uint Address,
    RegisterAccess Access,
    int Width,
    int Count,
    ulong Reset,
    uint Mask,
    bool Varies,
    RegisterCommit Commit,
    string Unit,
    string Description,
    IReadOnlyList<RegisterField> Fields)
{
    public bool IsReadable => Access is not (RegisterAccess.Write or RegisterAccess.Command);

    /// <summary>Every word of 32 bits: its name, address and value after reset.</summary>
    public IEnumerable<(string Name, uint Address, uint Reset)> Words => Width == 64
        ? [(Name + "_low", Address, (uint)Reset), (Name + "_high", Address + 4, (uint)(Reset >> 32))]
        : Enumerable.Range(0, Count).Select(k => (Count == 1 ? Name : $"{Name}[{k}]", Address + (uint)(4 * k), (uint)Reset));
}
