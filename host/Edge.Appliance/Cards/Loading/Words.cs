namespace Edge.Appliance.Cards.Loading;

internal static class Words
{
    public static string Of(LoadStep step) => step switch
    {
        LoadStep.Signature => "check the signature",
        LoadStep.Part => "compare the part",
        LoadStep.IdCode => "compare the IDCODE",
        LoadStep.Checksum => "check the bitstream",
        LoadStep.Shell => "compare the shell",
        LoadStep.Blank => "blank the beam",
        LoadStep.Disarm => "check that it is not armed",
        LoadStep.StopDma => "stop DMA",
        LoadStep.Unbind => "unbind the driver",
        LoadStep.Load => "load",
        LoadStep.Done => "wait until configured",
        LoadStep.Rescan => "rescan the bus",
        LoadStep.Identify => "identify the card",
        _ => "self-test",
    };
}
