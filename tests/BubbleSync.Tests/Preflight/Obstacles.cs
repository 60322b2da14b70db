using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>What the tests of obstacles share: users with few rights, and the same finding from a run and from the doctor.</summary>
internal static class Obstacles
{
    /// <summary>Lets the engine connect as a new user without rights but those on the control tables; returns its name.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="grants">Statements that grant more, with <c>$</c> for the name.</param>
    public static async Task<string> AsUserAsync(this Scene scene, string grants = "grant select, insert, update, delete on all tables in schema public to $")
    {
        var role = $"user_{Guid.NewGuid():N}";
        await scene.ExecuteAsync($"create role {role} login password 'p'; {grants.Replace("$", role, StringComparison.Ordinal)}");
        if (await scene.ScalarAsync<bool>("select to_regclass('bubblesync.run') is not null"))
            await scene.ExecuteAsync($"grant all on schema bubblesync, bubblesync_staging to {role}; grant all on all tables in schema bubblesync to {role}");
        var connection = new NpgsqlConnectionStringBuilder(scene.Connection) { Username = role, Password = "p" };
        scene.Settings = scene.Settings with { Postgres = scene.Settings.Postgres with { ConnectionString = connection.ConnectionString } };
        return role;
    }

    /// <summary>Asserts that a run stops before it asks Bubble anything, and that the doctor fails in this one check, both in these words; returns the doctor's.</summary>
    public static async Task<string> AssertStopsAsync(this Scene scene, string check, params string[] words)
    {
        var before = scene.Bubble.Traffic.Requests;
        var stopped = await Assert.ThrowsAsync<SyncException>(() => scene.ResyncAsync("agent"));
        Assert.Equal(before, scene.Bubble.Traffic.Requests);

        var failed = (await scene.Engine().ExamineAsync(scene.Limit)).Checks.Where(c => c.Status == "failed").ToList();
        Assert.Equal([check], failed.Select(c => c.Name));
        var error = Assert.Single(stopped.Errors);
        Assert.EndsWith(failed[0].Message, error.Message, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, failed[0].Message, StringComparison.Ordinal));
        return failed[0].Message;
    }

    /// <summary>Runs the advice of a message: from this word to the last semicolon.</summary>
    public static Task FollowAsync(this Scene scene, string message, string from) =>
        scene.ExecuteAsync(message[message.IndexOf(from, StringComparison.Ordinal)..(message.LastIndexOf(';') + 1)]);

    /// <summary>Asserts that the doctor finds nothing wrong, and that records are inserted, then updated.</summary>
    public static async Task AssertSyncsAsync(this Scene scene)
    {
        var report = await scene.Engine().ExamineAsync(scene.Limit);
        Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == "failed")));
        foreach (var (modified, name) in new[] { (Scene.Early, "old"), (Scene.Late, "new") })
        {
            scene.Put("agent", Scene.Record(1, modified, $"\"Name\": \"{name}\""));
            var run = await scene.ResyncAsync("agent");
            Assert.True(run.Status == "succeeded", string.Join('\n', run.Errors.Select(e => e.Message)));
        }

        Assert.Equal("new", await scene.ScalarAsync<string>($"select name from agent where bubble_id = '{Scene.Id(1)}'"));
    }

    /// <summary>The message of one check of the doctor, which is no failure.</summary>
    public static async Task<string> RemarkAsync(this Scene scene, string check) =>
        Assert.Single((await scene.Engine().ExamineAsync(scene.Limit)).Checks, c => c.Name == check && c.Status == "well").Message;
}
