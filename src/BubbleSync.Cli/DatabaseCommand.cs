using System.CommandLine;
using BubbleSync.Cli.Verbs;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>One command of <c>database</c>: the database that it is about.</summary>
internal sealed class DatabaseCommand(ParseResult parsed, CommandContext context, bool isDemo)
{
    /// <summary>The words.</summary>
    public ParseResult Parsed => parsed;

    /// <summary>Where it prints.</summary>
    public CommandContext Context => context;

    /// <summary>The settings of the database.</summary>
    public PostgresSettings Settings { get; } = isDemo ? new PostgresSettings() : context.ReadSettings().Postgres;

    /// <summary>Whether it is the program's own.</summary>
    public bool IsEmbedded => Settings.ConnectionString is null;

    /// <summary>The embedded server.</summary>
    public EmbeddedDatabase Embedded { get; } = isDemo ? EmbeddedDatabase.OfDemo(parsed) : EmbeddedDatabase.Of(parsed);

    /// <summary>The command that stops the embedded server.</summary>
    public string Stop => context.Next.Command(isDemo ? "database stop --demo" : "database stop");

    /// <summary>The settings of the embedded server, which is started.</summary>
    public PostgresSettings SettingsOf(EmbeddedPostgresServer server) => Settings.Embedded(server.ConnectionString, Embedded.Folder);

    /// <summary>Throws if the database is another one.</summary>
    public void RequireEmbedded()
    {
        if (!IsEmbedded)
        {
            throw DatabaseVerb.Usage("Postgres:ConnectionString", $"The settings name {LibpqAddress.Place(Settings).Text}. This program starts and stops "
                + "only the embedded PostgreSQL, which is used where Postgres:ConnectionString is not set.");
        }
    }
}
