using System.Runtime.CompilerServices;

namespace Edge.Simulation.Noise;

/// <summary>Four words of 32 bits: a counter, or what Philox makes of it.</summary>
public readonly record struct PhiloxBlock(uint Word0, uint Word1, uint Word2, uint Word3);

/// <summary>Philox4x32-10: random numbers as a pure function of counter and key, so that any sample of any site can be
/// drawn at any time. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011;
/// known answers of their Random123 library are in the tests.</summary>
public static class Philox
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <param name="counter">Any counter; each gives an independent block.</param>
    /// <param name="key">Low word first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxBlock Block(PhiloxBlock counter, ulong key)
    {
        (uint word0, uint word1, uint word2, uint word3) = counter;
        uint key0 = (uint)key, key1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = Math.BigMul(Multiplier0, word0), product1 = Math.BigMul(Multiplier1, word2);
            word0 = (uint)(product1 >> 32) ^ word1 ^ key0;
            word1 = (uint)product1;
            word2 = (uint)(product0 >> 32) ^ word3 ^ key1;
            word3 = (uint)product0;
            key0 += Weyl0;
            key1 += Weyl1;
        }

        return new(word0, word1, word2, word3);
    }
}
