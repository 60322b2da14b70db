using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Words;

namespace BubbleSync.Server.Apps;

/// <summary>The databases of the apps: starts the embedded one where an app names none, and refuses two apps with one schema.</summary>
internal static class AppTargets
{
    /// <summary>Returns the apps, each with a database, and the embedded server if one was started.</summary>
    /// <param name="apps">The apps.</param>
    /// <param name="home">The folder of what the server keeps.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<(IReadOnlyList<AppSettings> Apps, EmbeddedPostgresServer? Server)> PrepareAsync(
        IReadOnlyList<AppSettings> apps, string home, CancellationToken cancellationToken)
    {
        if (apps.All(app => app.Settings.Postgres.ConnectionString is not null))
            return (Checked(apps), null);

        var folder = Path.Combine(home, "postgres");
        var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { Folder = folder }, cancellationToken);
        var prepared = apps.Select(app => app.Settings.Postgres.ConnectionString is not null
            ? app
            : app with { Settings = app.Settings with { Postgres = app.Settings.Postgres.Embedded(server.ConnectionString, folder) } });
        return (Checked([.. prepared]), server);
    }

    private static IReadOnlyList<AppSettings> Checked(IReadOnlyList<AppSettings> apps)
    {
        var shared = apps.GroupBy(app => LibpqAddress.Place(app.Settings.Postgres)).Where(target => target.Count() > 1).ToList();
        return shared.Count == 0 ? apps : throw new SyncException([.. shared.Select(target => new SyncError(
            SyncStage.Settings, null, null, "Postgres:Schema", ErrorCode.Settings,
            $"The apps {string.Join(", ", target.Select(app => app.Name))} have one target, {target.Key.Text}. Give each its own Postgres:Schema."))]);
    }
}
