namespace Edge.Appliance.Cards;

/// <summary>The card stopped a run, or did not begin it, and holds the beam blanked. The message says why.</summary>
public class CardStoppedException(string message) : InvalidOperationException(message);
