using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>What the tests of obstacles share: users with few rights, and the same finding from a run and from the doctor.</summary>
internal static class Obstacles
{
    /// <summary>Lets the engine connect as a new user without rights but those on the control tables; returns its name.</summary>
    /// <param name="fixture">The fixture.</param>
    /// <param name="grants">Statements that grant more, with <c>$</c> for the name.</param>
    public static async Task<string> AsUserAsync(
        this SyncFixture fixture, string grants = "grant select, insert, update, delete on all tables in schema public to $")
    {
        var role = $"user_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} login password 'p'; {grants.Replace("$", role, StringComparison.Ordinal)}");
        if (await fixture.ScalarAsync<bool>("select to_regclass('bubblesync.run') is not null"))
            await fixture.ExecuteAsync($"grant all on schema bubblesync, bubblesync_staging to {role}; grant all on all tables in schema bubblesync to {role}");
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" };
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = connection.ConnectionString } };
        return role;
    }

    /// <summary>
    /// Asserts that a run stops before it asks Bubble anything, and that the doctor fails in this one check, both in these words; returns the doctor's.
    /// </summary>
    public static async Task<string> AssertStopsAsync(this SyncFixture fixture, string check, params string[] words)
    {
        var before = fixture.Bubble.Traffic.Requests;
        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));
        Assert.Equal(before, fixture.Bubble.Traffic.Requests);

        var failed = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Where(c => c.Status == CheckStatus.Failed).ToList();
        Assert.Equal([check], failed.Select(c => c.Name));
        var error = Assert.Single(stopped.Errors);
        Assert.EndsWith(failed[0].Message, error.Message, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, failed[0].Message, StringComparison.Ordinal));
        return failed[0].Message;
    }

    /// <summary>Runs the advice of a message: from this word to the last semicolon.</summary>
    public static Task FollowAsync(this SyncFixture fixture, string message, string from) =>
        fixture.ExecuteAsync(message[message.IndexOf(from, StringComparison.Ordinal)..(message.LastIndexOf(';') + 1)]);

    /// <summary>Asserts that the doctor finds nothing wrong, and that records are inserted, then updated.</summary>
    public static async Task AssertSyncsAsync(this SyncFixture fixture)
    {
        var report = await fixture.Engine().ExamineAsync(fixture.Limit);
        Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == CheckStatus.Failed)));
        foreach (var (modified, name) in new[] { (SyncFixture.Early, "old"), (SyncFixture.Late, "new") })
        {
            fixture.Put("agent", SyncFixture.Record(1, modified, $"\"Name\": \"{name}\""));
            var run = await fixture.ResyncAsync("agent");
            Assert.True(run.Status == RunStatus.Succeeded, string.Join('\n', run.Errors.Select(e => e.Message)));
        }

        Assert.Equal("new", await fixture.ScalarAsync<string>($"select name from agent where bubble_id = '{SyncFixture.Id(1)}'"));
    }

    /// <summary>The message of one check of the doctor, which is no failure.</summary>
    public static async Task<string> RemarkAsync(this SyncFixture fixture, string check) =>
        Assert.Single((await fixture.Engine().ExamineAsync(fixture.Limit)).Checks, c => c.Name == check && c.Status == CheckStatus.Ok).Message;
}
