namespace BubbleSync.EmbeddedPostgres;

/// <summary>A private PostgreSQL is unavailable: what went wrong, where, and how to fix it.</summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>Makes an exception without a message; one with a message is better.</summary>
    public EmbeddedPostgresException()
    {
    }

    /// <summary>Makes one that says what, where and how to fix it.</summary>
    public EmbeddedPostgresException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one that says what, where and how to fix it, with the cause.</summary>
    public EmbeddedPostgresException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
