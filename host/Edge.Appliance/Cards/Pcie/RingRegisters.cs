namespace Edge.Appliance.Cards.Pcie;

/// <summary>Registers of the event ring, for cards whose top has one (rtl/card/ring/event_ring.md).</summary>
internal static class RingRegisters
{
    public const uint EventRingEnableAddress = 0x280;
    public const uint EventRingRecordsLog2Address = 0x284;
    public const uint EventRingBaseLowAddress = 0x288;
    public const uint EventRingTailLowAddress = 0x290;
    public const uint EventRingReadAddress = 0x2A0;
    public const uint EventRingStatusAddress = 0x2A8;
    public const uint EventRingStatusRunningMask = 0x1;
    public const uint EventRingStatusDrainedMask = 0x2;
}
