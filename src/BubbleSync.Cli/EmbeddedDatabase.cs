using System.CommandLine;
using BubbleSync.EmbeddedPostgres;

namespace BubbleSync.Cli;

/// <summary>The embedded PostgreSQL of a command line: where its cluster lies, and how it starts.</summary>
internal sealed class EmbeddedDatabase
{
    // These name a server. They fill gaps in a connection string; without one they have no effect.
    private static readonly string[] VariablesOfLibpq = ["PGHOST", "PGHOSTADDR", "PGSERVICE"];

    private readonly string _home;

    private EmbeddedDatabase(string home, string name) => (_home, Folder) = (home, Path.Combine(home, name));

    /// <summary>The folder of its cluster.</summary>
    public string Folder { get; }

    /// <summary>Returns the one that is used where no connection string is set.</summary>
    public static EmbeddedDatabase Of(ParseResult parsed) => new(HomeFolder.Of(parsed), "postgres");

    /// <summary>Returns that of the demo.</summary>
    public static EmbeddedDatabase OfDemo(ParseResult parsed) => new(HomeFolder.Of(parsed), "demo");

    /// <summary>Starts its server, or joins the one that runs. The cluster is created if it is missing.</summary>
    /// <param name="fresh">Whether the database is emptied first.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<EmbeddedPostgresServer> StartAsync(bool fresh, CancellationToken cancellationToken)
    {
        try
        {
            HomeFolder.Create(_home);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                $"The folder of the embedded PostgreSQL, {_home}, cannot be created: {refused.Message} "
                + "Set BUBBLESYNC_HOME to a folder that you may write.", refused);
        }

        return EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { Folder = Folder, Fresh = fresh }, cancellationToken);
    }

    /// <summary>What a user should know who expects another database.</summary>
    public List<string> Notes()
    {
        var notes = new List<string>();
        if (VariablesOfLibpq.FirstOrDefault(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))) is { } variable)
        {
            notes.Add($"note: Postgres:ConnectionString is not set, so that the embedded PostgreSQL in {Folder} is used. "
                + $"{variable} is set: to use the server of libpq's variables, set Postgres:ConnectionString to postgresql://");
        }

        if (HomeFolder.Earlier(_home) is { } earlier)
        {
            notes.Add($"note: The embedded PostgreSQL in {Folder} is used, not the one that an earlier version left in {earlier}. "
                + $"To use that one, set BUBBLESYNC_HOME={earlier}");
        }

        return notes;
    }
}
