namespace Edge.Networks.Numerics;

/// <summary>Sorts the elements of a vector into kinds. Whatever repeats over a vector (one value a channel, one at the
/// borders of an image) is kept and worked out once per kind, not once per element.</summary>
public sealed class Kinds
{
    /// <summary>Pairs of kinds up to which a table finds the joined kind.</summary>
    private const long LargestTable = 1 << 22;

    private readonly int[]? codes; // null: one kind
    private readonly object identity = new();
    private readonly HashSet<object> coarser = []; // those whose kinds are unions of kinds of this one

    private Kinds(int length, int count, int[]? codes)
    {
        Length = length;
        Count = count;
        this.codes = codes;
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>Kinds.</summary>
    public int Count { get; }

    /// <summary>The kind of an element.</summary>
    public int this[int element] => codes is null ? 0 : codes[element];

    /// <summary>All elements are of one kind.</summary>
    public static Kinds One(int length) => new(length, Math.Min(length, 1), null);

    /// <summary>codes[i] is the kind of element i, below <paramref name="count"/>.</summary>
    public static Kinds From(int[] codes, int count) => count <= 1 ? One(codes.Length) : new(codes.Length, count, codes);

    /// <summary>Equal values are of one kind; kinds are numbered as they first occur.</summary>
    public static (Kinds Kinds, T[] Values) Of<T>(ReadOnlySpan<T> values)
    {
        var comparer = EqualityComparer<T>.Default;
        var known = new Dictionary<Boxed<T>, int>();
        var found = new List<T>();
        var kinds = new int[values.Length];
        for (int i = 0; i < kinds.Length; i++)
        {
            if (i > 0 && comparer.Equals(values[i], values[i - 1]))
            {
                kinds[i] = kinds[i - 1];
                continue;
            }

            if (!known.TryGetValue(new(values[i]), out kinds[i]))
            {
                kinds[i] = found.Count;
                known.Add(new(values[i]), kinds[i]);
                found.Add(values[i]);
            }
        }

        return (From(kinds, found.Count), [.. found]);
    }

    /// <summary>An element of each kind; 0 for one that no element has.</summary>
    public int[] Examples()
    {
        var examples = new int[Count];
        if (codes is not null)
        {
            for (int i = codes.Length - 1; i >= 0; i--)
            {
                examples[codes[i]] = i;
            }
        }

        return examples;
    }

    /// <summary>Kinds whose members are of one kind here and in <paramref name="other"/>. Where one of the two holds
    /// the other, it is that.</summary>
    public Kinds Joined(Kinds other)
    {
        if (other.codes is null || ReferenceEquals(this, other))
        {
            return this;
        }

        if (codes is null)
        {
            return other;
        }

        if (coarser.Contains(other.identity) || other.coarser.Contains(identity))
        {
            return coarser.Contains(other.identity) ? this : other;
        }

        var joined = new int[Length];
        var mine = new HashSet<int>();
        var others = new HashSet<int>();
        long pairs = (long)Count * other.Count;
        int count = 0;
        if (pairs <= LargestTable)
        {
            var table = new int[pairs];
            for (int i = 0; i < joined.Length; i++)
            {
                ref int kind = ref table[(codes[i] * other.Count) + other.codes[i]];
                kind = kind == 0 ? New(i) : kind;
                joined[i] = kind - 1;
            }
        }
        else
        {
            var known = new Dictionary<long, int>();
            for (int i = 0; i < joined.Length; i++)
            {
                long pair = ((long)codes[i] << 32) | (uint)other.codes[i];
                if (!known.TryGetValue(pair, out joined[i]))
                {
                    known.Add(pair, joined[i] = New(i) - 1);
                }
            }
        }

        Kinds result = count == mine.Count ? this : count == others.Count ? other : From(joined, count);
        result.Remember(this);
        result.Remember(other);
        return result;

        int New(int element)
        {
            mine.Add(codes[element]);
            others.Add(other.codes[element]);
            return ++count;
        }
    }

    /// <summary>Kinds that become one where <paramref name="merged"/> (Count) gives them the same number, below
    /// <paramref name="count"/>.</summary>
    public Kinds Merged(int[] merged, int count)
    {
        if (codes is null || count == Count)
        {
            return this;
        }

        var result = From(Array.ConvertAll(codes, code => merged[code]), count);
        Remember(result);
        return result;
    }

    /// <summary>Element i of the result is element indices[i] of this.</summary>
    /// <param name="kept">The kinds that are left, by their new numbers.</param>
    public Kinds Picked(int[] indices, out int[] kept)
    {
        if (codes is null)
        {
            kept = [0];
            return One(indices.Length);
        }

        var numbers = new int[Count];
        var left = new List<int>();
        var picked = new int[indices.Length];
        for (int i = 0; i < picked.Length; i++)
        {
            int code = codes[indices[i]];
            if (numbers[code] == 0)
            {
                left.Add(code);
                numbers[code] = left.Count;
            }

            picked[i] = numbers[code] - 1;
        }

        kept = [.. left];
        return From(picked, left.Count);
    }

    /// <summary>The kinds of some elements that follow each other.</summary>
    public Kinds Part(int start, int length)
    {
        if (codes is null)
        {
            return One(length);
        }

        ReadOnlySpan<int> part = codes.AsSpan(start, length);
        return part.ContainsAnyExcept(part[0]) ? From(part.ToArray(), Count) : One(length);
    }

    /// <summary>Gives every element the value of its kind.</summary>
    /// <param name="values">One for each kind.</param>
    /// <param name="elements">Filled; Length long.</param>
    public void Spread<T>(ReadOnlySpan<T> values, Span<T> elements)
    {
        if (codes is null)
        {
            elements.Fill(values[0]);
            return;
        }

        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = values[codes[i]];
        }
    }

    private void Remember(Kinds other)
    {
        coarser.Add(other.identity);
        coarser.UnionWith(other.coarser);
    }

    /// <summary>A key that may be null.</summary>
    private readonly record struct Boxed<T>(T Value);
}
