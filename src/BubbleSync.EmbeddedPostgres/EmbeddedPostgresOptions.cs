namespace BubbleSync.EmbeddedPostgres;

/// <summary>The options of a private PostgreSQL: its folder, its lifetime, its settings.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>The cluster's folder, e.g. <c>.bubblesync/postgres</c>. Created if it is missing, else reused.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether the last user deletes the folder. Default false: the data stays for the next start.</summary>
    public bool Temporary { get; init; }

    /// <summary>Whether the database is dropped first, so that it is empty. Default false.</summary>
    public bool Fresh { get; init; }

    /// <summary>Settings that override ours, e.g. <c>fsync</c> to <c>off</c>. Default none.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder of <c>initdb</c> and <c>postgres</c>. Default null: they are searched for.</summary>
    public string? BinFolder { get; init; }

    /// <summary>The database that the connection string names; created if missing. Default <c>bubblesync</c>.</summary>
    public string Database { get; init; } = "bubblesync";
}
