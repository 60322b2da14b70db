namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>A word of a connection string with its value. Messages show neither as they are, because any part of the text may be the password.</summary>
/// <param name="Name">The word.</param>
/// <param name="Value">Its value, without quotes and escapes.</param>
/// <param name="Place">Where it stands, such as <c>option 2 of 3</c>.</param>
internal sealed record ConnectionPair(string Name, string Value, string Place)
{
    /// <summary>Whether the form shows clearly where the value ends, so that what follows is no part of it.</summary>
    public bool IsEscaped { get; init; }
}
