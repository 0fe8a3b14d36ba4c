namespace Edge.Appliance.Cards.Loading;

/// <summary>A way to put configuration into an FPGA.</summary>
public interface IConfigurationPort
{
    /// <summary>For messages: <c>openFPGALoader, flash</c>.</summary>
    string Name { get; }

    /// <summary>It takes partial bitstreams, and the card stays on the bus; false: whole ones, and the card leaves it.</summary>
    bool IsPartial { get; }

    /// <summary>The device must be reset to take up what was written.</summary>
    bool NeedsHotReset { get; }

    /// <summary>null: this way cannot ask.</summary>
    /// <exception cref="LoadStepException">The device does not answer.</exception>
    uint? ReadIdCode();

    /// <exception cref="LoadStepException">The device did not take it.</exception>
    void Load(ReadOnlyMemory<byte> bitstream, Action<string> progress);

    /// <returns>How it is known that the device is configured.</returns>
    /// <exception cref="LoadStepException">It is not.</exception>
    string WaitDone();
}
