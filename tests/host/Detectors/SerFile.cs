using System.Buffers.Binary;

namespace Edge.Tests.Detectors;

/// <summary>Writes TIA series files of every kind, and broken ones: each number of the header can be chosen.</summary>
internal sealed record SerFile
{
    public ushort ByteOrder { get; init; } = 0x4949;

    public ushort Identifier { get; init; } = 0x0197;

    public ushort Version { get; init; } = 0x210;

    /// <summary>0x4120: spectra, 0x4122: images.</summary>
    public int DataType { get; init; } = 0x4122;

    public short ElementType { get; init; } = 2;

    public int Width { get; init; } = 3;

    public int Height { get; init; } = 2;

    /// <summary>null: as many as there are.</summary>
    public int? ValidCount { get; init; }

    /// <summary>null: where the table is.</summary>
    public long? TableAt { get; init; }

    /// <summary>null: where the images are.</summary>
    public long[]? Offsets { get; init; }

    /// <summary>Pixels as bytes, one array an image.</summary>
    public byte[][] Data { get; init; } = [];

    public (double Offset, double Delta, int Element) X { get; init; } = (1e-9, 1e-11, 0);

    public (double Offset, double Delta, int Element) Y { get; init; } = (2e-9, 3e-11, 1);

    public byte[] ToBytes()
    {
        bool wide = Version >= 0x220;
        int offsetSize = wide ? 8 : 4;
        var file = new List<byte>();
        void Add(params byte[][] parts) => file.AddRange(parts.SelectMany(part => part));
        byte[] Place(long value) => wide ? BitConverter.GetBytes(value) : BitConverter.GetBytes((int)value);

        // One dimension of the series, described and of no interest here: 4 bytes count as its description.
        int header = 22 + offsetSize + 4 + 4;
        int elementHeader = DataType == 0x4120 ? 26 : 50;
        long[] offsets = Offsets ?? [.. Data.Select((_, i) => (long)header + (Data.Length * (offsetSize + 4)) + Data.Take(i).Sum(data => data.Length + elementHeader + 8))];
        Add(BitConverter.GetBytes(ByteOrder), BitConverter.GetBytes(Identifier), BitConverter.GetBytes(Version), BitConverter.GetBytes(DataType), BitConverter.GetBytes(0x4152));
        Add(BitConverter.GetBytes(Data.Length), BitConverter.GetBytes(ValidCount ?? Data.Length), Place(TableAt ?? header), BitConverter.GetBytes(1), new byte[4]);
        foreach (long offset in offsets)
        {
            Add(Place(offset));
        }

        Add(new byte[4 * Data.Length]);
        foreach (byte[] data in Data)
        {
            Axis(X);
            if (DataType != 0x4120)
            {
                Axis(Y);
            }

            Add(BitConverter.GetBytes(ElementType), BitConverter.GetBytes(Width));
            if (DataType != 0x4120)
            {
                Add(BitConverter.GetBytes(Height));
            }

            Add(data, new byte[8]); // the tag: type and time
        }

        return [.. file];

        void Axis((double Offset, double Delta, int Element) axis) =>
            Add(BitConverter.GetBytes(axis.Offset), BitConverter.GetBytes(axis.Delta), BitConverter.GetBytes(axis.Element));
    }

    /// <summary>Numbers as elements of a type 1 to 8.</summary>
    public static byte[] Pixels(short type, params double[] values) => [.. values.SelectMany(value =>
    {
        byte[] bytes = new byte[8];
        switch (type)
        {
            case 7: BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value); break;
            case 8: BinaryPrimitives.WriteDoubleLittleEndian(bytes, value); break;
            default: BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value); break;
        }

        return bytes[..SizeOf(type)];
    })];

    public static int SizeOf(short type) => type switch { 1 or 4 => 1, 2 or 5 => 2, 3 or 6 or 7 => 4, _ => 8 };
}
