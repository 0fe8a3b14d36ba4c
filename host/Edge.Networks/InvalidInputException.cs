namespace Edge.Networks;

/// <summary>Something a user handed in cannot be used. The message says where, what was found, what is
/// allowed and how to mend it; the command line prints it alone and ends with exit code 2.</summary>
public class InvalidInputException(string message, Exception? innerException = null) : Exception(message, innerException);
