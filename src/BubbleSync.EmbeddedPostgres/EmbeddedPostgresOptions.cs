namespace BubbleSync.EmbeddedPostgres;

/// <summary>What a private PostgreSQL is to be: where it lives, for how long, with which settings.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>Where the cluster lives, e.g. <c>.bubblesync/postgres</c>. Made where it is missing, reused where it is not.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether the folder goes with its last user. Default false: the data stays for the next start.</summary>
    public bool Temporary { get; init; }

    /// <summary>Server settings over our own, e.g. <c>fsync</c> to <c>off</c>. Default none.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder of <c>initdb</c> and <c>postgres</c>. Default null: they are searched for.</summary>
    public string? BinFolder { get; init; }

    /// <summary>The database that the connection string names; made where it is missing. Default <c>bubblesync</c>.</summary>
    public string Database { get; init; } = "bubblesync";
}
