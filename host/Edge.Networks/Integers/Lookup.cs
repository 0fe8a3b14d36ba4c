namespace Edge.Networks.Integers;

/// <summary>Values[k] stands for the integer First + k.</summary>
public sealed record LookupTable(long First, long[] Values)
{
    public long this[long integer] => Values[integer - First];
}

/// <summary>y[i] = Tables[TableOf[i]][x[i]]. Each table holds every integer of the ranges of the elements that use it.</summary>
public sealed record Lookup(int Output, string Layer, int Input, LookupTable[] Tables, int[] TableOf) : IntegerOperation(Output, Layer)
{
    public override IReadOnlyList<int> Inputs => [Input];

    public LookupTable Table(int index) => Tables[TableOf[index]];
}
