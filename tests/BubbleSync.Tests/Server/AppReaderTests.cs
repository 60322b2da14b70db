using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Apps;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>The apps of a server, from files and variables.</summary>
public sealed class AppReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync-test-").FullName;

    [Fact]
    public void Without_a_folder_of_apps_the_settings_file_is_the_only_app()
    {
        var file = Write("bubblesync.json", """{ "Bubble": { "PageSize": 9 }, "Server": { "FreshnessMinutes": 5 } }""");

        var (server, apps) = AppReader.Read(file, new Dictionary<string, string> { ["BUBBLESYNC_Bubble__ApiToken"] = "token" });

        var app = Assert.Single(apps);
        Assert.Equal(("default", 9, "token", 5), (app.Name, app.Settings.Bubble.PageSize, app.Settings.Bubble.ApiToken, server.FreshnessMinutes));
    }

    [Fact]
    public void Each_file_is_an_app_with_its_own_variables_and_schedules()
    {
        var file = Write("bubblesync.json", """{ "Server": { "AccessKey": "a-key-of-enough-letters", "FreshnessMinutes": 5 } }""");
        Write("apps/main.json", """{ "Schedules": [{ "kind": "resync", "cron": "0 2 * * *", "timeZone": "Europe/Berlin", "prune": "soft" }] }""");
        Write("apps/test-app.json", """{ "Server": { "FreshnessMinutes": 7 } }""");

        var (server, apps) = AppReader.Read(file, new Dictionary<string, string>
        {
            ["BUBBLESYNC_Bubble__ApiToken"] = "of-the-program",
            ["BUBBLESYNC_Apps__main__Bubble__ApiToken"] = "of-main",
            ["BUBBLESYNC_Apps__test_app__Bubble__ApiToken"] = "of-test",
        });

        Assert.Equal(["main: of-main, 5", "test-app: of-test, 7"], apps.Select(
            app => $"{app.Name}: {app.Settings.Bubble.ApiToken}, {app.Settings.Server.FreshnessMinutes}"));
        var schedule = Assert.Single(apps[0].Settings.Schedules);
        Assert.Equal((ScheduledKind.Resync, "0 2 * * *", "Europe/Berlin", PruneMode.Soft), (schedule.Kind, schedule.Cron, schedule.TimeZone, schedule.Prune));
        Assert.Equal("a-key-of-enough-letters", server.AccessKey);
    }

    [Fact]
    public void Every_fault_of_every_file_is_named_at_once()
    {
        var file = Write("bubblesync.json", "{}");
        Write("apps/Main App.json", "{}");
        Write("apps/key.json", """{ "Server": { "AccessKey": "a-key-of-enough-letters" } }""");
        Write("apps/wrong.json", """{ "Schedules": [{ "kind": "fly", "cron": "* * * * *" }, { "kind": "resync", "corn": "* * * * *" }] }""");

        var refused = Assert.Throws<SyncException>(() => AppReader.Read(file, new Dictionary<string, string>()));

        Assert.True(refused.IsUsage);
        Assert.Contains(refused.Errors, e => e.Message.Contains("'Main App' cannot be the name of an app", StringComparison.Ordinal));
        Assert.Contains(refused.Errors, e => e.Message.Contains("Server:AccessKey belongs to the whole server", StringComparison.Ordinal));
        Assert.Contains(refused.Errors, e => e.Message.Contains("Schedules[0].kind: there is no 'fly' here", StringComparison.Ordinal));
        Assert.Contains(refused.Errors, e => e.Message.Contains("Schedules[1].corn: there is no setting 'corn' here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_apps_with_one_schema_are_refused()
    {
        var settings = new SyncSettings { Postgres = new PostgresSettings { ConnectionString = "Host=db.example.com;Database=mirror;Password=hush" } };

        var refused = await Assert.ThrowsAsync<SyncException>(
            () => AppTargets.PrepareAsync([new AppSettings("one", settings), new AppSettings("two", settings)], _folder, CancellationToken.None));

        Assert.Contains("The apps one, two have one target", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
