using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>doctor</c> finds what is wrong before a run does, names it and says how to fix it.</summary>
public sealed class DoctorTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Where_all_is_well_nothing_fails()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 30 });

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == CheckStatus.Failed)));
        Assert.Subset(
            report.Checks.Select(c => c.Name).ToHashSet(), new HashSet<string>
            {
                "entity maps",
                "patches",
                "database",
                "table agent",
                "unique key customer.customer_id",
                "rights on user",
                "control tables",
                "token",
                "Data API",
                "type invoice",
                "field names",
                "constraints",
                "clocks",
                "disk",
            });
        Assert.Equal("30 records", report.Checks.Single(c => c.Name == "type invoice").Message);
        Assert.Matches("MB free, and a resync of everything needs about [0-9]+ MB", report.Checks.Single(c => c.Name == "disk").Message);
    }

    [Theory]
    [InlineData("alter table agent drop column banker", "table agent", "add column \"banker\" text")]
    [InlineData("drop table payment", "table payment", "Apply the schema")]
    public async Task What_the_database_lacks_is_named_with_its_mending(string sql, string check, string mending)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(sql);

        Assert.Equal([check], await FailedAsync(fixture, mending));
    }

    [Fact]
    public async Task A_unique_key_that_the_next_run_makes_is_a_remark()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key");

        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        var report = await fixture.ResyncAsync("agent");

        Assert.True(examined.Success);
        var check = Assert.Single(examined.Checks, c => c.Name == "unique key agent.bubble_id");
        Assert.StartsWith("missing; the next run makes it and says so. To make it now: create unique index", check.Message, StringComparison.Ordinal);
        Assert.Contains(report.Warnings, w => w.Contains("made the missing unique index on 'bubble_id'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_that_are_there_twice_are_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key");
        await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{SyncFixture.Id(1)}'), ('{SyncFixture.Id(1)}'), ('{SyncFixture.Id(2)}')");

        Assert.Equal(["unique key agent.bubble_id"], await FailedAsync(fixture, $"duplicates forbid one: {SyncFixture.Id(1)} (2 rows)"));
    }

    [Theory]
    [InlineData("id-keys", "field names", "Display fields instead of id")]
    [InlineData("constraints-ignored", "constraints", "Make an admin token")]
    [InlineData("types-not-exposed=payment", "type payment", "Tick the type")]
    public async Task What_the_app_does_is_named_with_its_mending(string fault, string check, string mending)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 30, Faults = [fault] });

        Assert.Equal([check], await FailedAsync(fixture, mending));
        var examined = Assert.Single((await fixture.Engine().ExamineAsync(fixture.Limit)).Checks, c => c.Name == check);
        Assert.Equal(check == "field names" ? NextActionKind.AuditSchema : null, examined.Next?.Kind);
    }

    [Fact]
    public async Task A_wrong_token_is_said_once_and_never_shown()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = "sesame-open" } };

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        var check = Assert.Single(report.Checks, c => c.Status == CheckStatus.Failed);
        Assert.Contains("refused the token", check.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clocks_that_differ_are_noticed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });
        fixture.Clock = new Sync.SetClock("2026-01-01T00:00:00Z");

        Assert.Equal(["clocks"], await FailedAsync(fixture, "Set this machine's clock"));
    }

    [Fact]
    public async Task The_program_tells_by_its_exit_code()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var well = await Bubblesync.RunAsync(fixture, "doctor");
        await fixture.ExecuteAsync("drop table payment");
        var ill = await Bubblesync.RunAsync(fixture, "doctor", "--output", "json");

        Assert.Equal((0, 1), (well.Code, ill.Code));
        Assert.False(ill.Json.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task An_encoding_that_lacks_characters_is_ill_and_a_run_that_meets_one_says_so()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var database = $"latin_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create database {database} encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'");
        await using var latin = await SyncFixture.OpenAsync(
            new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Database = database }.ConnectionString);
        latin.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"\u2603\""));

        Assert.Equal(["encoding"], await FailedAsync(latin, "encoding 'UTF8'"));
        Assert.Contains("use a database whose encoding is UTF8", (await latin.ResyncAsync("agent")).Errors[0].Message, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<string>> FailedAsync(SyncFixture fixture, string mending)
    {
        var failed = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Where(c => c.Status == CheckStatus.Failed).ToList();
        Assert.All(failed, c => Assert.Contains(mending, c.Message, StringComparison.Ordinal));
        return failed.Select(c => c.Name);
    }
}
