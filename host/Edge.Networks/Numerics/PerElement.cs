using System.Collections;
using System.Runtime.CompilerServices;

namespace Edge.Networks.Numerics;

/// <summary>One value for each element of a vector, kept once per kind of element.</summary>
/// <param name="kinds">Of the elements.</param>
/// <param name="values">One for each kind; kinds may share a value.</param>
[CollectionBuilder(typeof(PerElement), nameof(PerElement.Create))]
public sealed class PerElement<T>(Kinds kinds, T[] values) : IReadOnlyList<T>
{
    public Kinds Kinds => kinds;

    /// <summary>One for each kind.</summary>
    public IReadOnlyList<T> Values => values;

    public int Length => kinds.Length;

    int IReadOnlyCollection<T>.Count => kinds.Length;

    public T this[int element] => values[kinds[element]];

    public static implicit operator PerElement<T>(T[] elements) => PerElement.Create<T>(elements);

    /// <summary>True when all elements have the value of the first.</summary>
    public bool IsUniform => values.Length <= 1 || Array.TrueForAll(values, value => EqualityComparer<T>.Default.Equals(value, values[0]));

    public bool All(Predicate<T> condition) => Array.TrueForAll(values, condition);

    public bool Any(Predicate<T> condition) => Array.Exists(values, condition);

    public PerElement<TResult> Map<TResult>(Func<T, TResult> function) => new(kinds, [.. values.Select(function)]);

    /// <summary>The same values with one kind where one value is enough, and not many more kinds than values.</summary>
    public PerElement<T> Compacted()
    {
        if (kinds.Count <= 1)
        {
            return this;
        }

        (Kinds merged, T[] distinct) = Kinds.Of<T>(values);
        return distinct.Length > values.Length / 2 && distinct.Length > 1 ? this
            : distinct.Length == 1 ? new(Kinds.One(Length), distinct)
            : new(kinds.Merged([.. Enumerable.Range(0, values.Length).Select(kind => merged[kind])], distinct.Length), distinct);
    }

    /// <summary>Element i of the result is element indices[i] of this.</summary>
    public PerElement<T> Picked(int[] indices)
    {
        Kinds picked = kinds.Picked(indices, out int[] kept);
        return new(picked, [.. kept.Select(kind => values[kind])]);
    }

    public T[] ToArray()
    {
        var elements = new T[Length];
        if (elements.Length > 0)
        {
            kinds.Spread(values, elements.AsSpan());
        }

        return elements;
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Length; i++)
        {
            yield return values[kinds[i]];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Makes values per element.</summary>
public static class PerElement
{
    public static PerElement<T> Create<T>(ReadOnlySpan<T> elements)
    {
        (Kinds kinds, T[] values) = Kinds.Of(elements);
        return new(kinds, values);
    }

    public static PerElement<T> Uniform<T>(int length, T value) => new(Kinds.One(length), length == 0 ? [] : [value]);

    /// <summary>One value for all, or one for each.</summary>
    public static PerElement<T> Spread<T>(int length, T[] oneOrEach) => oneOrEach.Length == 1 ? Uniform(length, oneOrEach[0]) : Create<T>(oneOrEach);

    /// <inheritdoc cref="Spread{T}(int, T[])"/>
    public static PerElement<T> Spread<T>(int length, PerElement<T> oneOrEach) => oneOrEach.Length == 1 ? Uniform(length, oneOrEach[0]) : oneOrEach;

    /// <summary>The elements of all parts, one part behind the other.</summary>
    public static PerElement<T> Concatenated<T>(IReadOnlyList<PerElement<T>> parts)
    {
        (Kinds kinds, T[] values) = Kinds.Of<T>([.. parts.SelectMany(part => part.Values)]);
        if (values.Length == 1)
        {
            return new(Kinds.One(parts.Sum(part => part.Length)), values);
        }

        var codes = new int[parts.Sum(part => part.Length)];
        int start = 0;
        int first = 0;
        foreach (PerElement<T> part in parts)
        {
            part.Kinds.Spread<int>([.. Enumerable.Range(first, part.Values.Count).Select(kind => kinds[kind])], codes.AsSpan(start, part.Length));
            start += part.Length;
            first += part.Values.Count;
        }

        return new(Kinds.From(codes, values.Length), values);
    }

    /// <summary>A value from two, per kind of both.</summary>
    public static PerElement<TResult> Map<T1, T2, TResult>(PerElement<T1> first, PerElement<T2> second, Func<T1, T2, TResult> function)
    {
        Kinds kinds = first.Kinds.Joined(second.Kinds);
        return new(kinds, [.. kinds.Examples().Select(i => function(first[i], second[i]))]);
    }

    /// <summary>A value from three, per kind of all.</summary>
    public static PerElement<TResult> Map<T1, T2, T3, TResult>(
        PerElement<T1> first, PerElement<T2> second, PerElement<T3> third, Func<T1, T2, T3, TResult> function)
    {
        Kinds kinds = first.Kinds.Joined(second.Kinds).Joined(third.Kinds);
        return new(kinds, [.. kinds.Examples().Select(i => function(first[i], second[i], third[i]))]);
    }
}
