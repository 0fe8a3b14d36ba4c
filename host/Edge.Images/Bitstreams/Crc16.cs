namespace Edge.Images.Bitstreams;

/// <summary>A 16-bit checksum, most significant bit first, without inversion at the end.</summary>
/// <remarks>ECP5: polynomial 0x8005 from 0 (CRC-16/BUYPASS); iCE40: 0x1021 (CCITT) from 0xFFFF.</remarks>
internal sealed class Crc16
{
    private readonly ushort[] table;
    private readonly ushort initial;

    public Crc16(ushort polynomial, ushort initial)
    {
        table = [.. Enumerable.Range(0, 256).Select(value =>
        {
            int remainder = value << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                remainder = (remainder << 1) ^ ((remainder & 0x8000) != 0 ? polynomial : 0);
            }

            return (ushort)remainder;
        })];
        this.initial = initial;
        Value = initial;
    }

    public ushort Value { get; private set; }

    public void Reset() => Value = initial;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        ushort sum = Value;
        foreach (byte value in bytes)
        {
            sum = (ushort)((sum << 8) ^ table[(sum >> 8) ^ value]);
        }

        Value = sum;
    }
}
