namespace Edge.Networks.Onnx;

/// <summary>The model is sound but uses operators that Edge does not have.</summary>
public sealed class UnsupportedOperatorException(string message, Exception? innerException = null) : InvalidInputException(message, innerException)
{
    /// <summary>True where recurrent layers (LSTM, GRU, RNN) are among them: ONNX Runtime can run such a model as it is.</summary>
    public bool IsRecurrent { get; init; }
}
