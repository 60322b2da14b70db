using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Audit;

/// <summary><c>doctor</c> finds what is wrong before a run does, names it and says how to mend it.</summary>
public sealed class DoctorTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Where_all_is_well_nothing_fails()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 30 });

        var report = await scene.Engine().ExamineAsync(scene.Limit);

        Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == "failed")));
        Assert.Subset(report.Checks.Select(c => c.Name).ToHashSet(), new HashSet<string> { "entity maps", "patches", "database", "table agent", "unique key customer.customer_id", "rights on user", "control tables", "token", "Data API", "type invoice", "field names", "constraints", "clocks", "disk" });
        Assert.Equal("30 records", report.Checks.Single(c => c.Name == "type invoice").Message);
        Assert.Matches("MB free, and a resync of everything wants about [0-9]+ MB", report.Checks.Single(c => c.Name == "disk").Message);
    }

    [Theory]
    [InlineData("alter table agent drop column banker", "table agent", "add column \"banker\" text")]
    [InlineData("drop table payment", "table payment", "bubblesync schema apply")]
    [InlineData("drop index agent_bubble_id_key", "unique key agent.bubble_id", "the next run makes it")]
    public async Task What_the_database_lacks_is_named_with_its_mending(string sql, string check, string mending)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(sql);

        Assert.Equal([check], await FailedAsync(scene, mending));
    }

    [Theory]
    [InlineData("id-keys", "field names", "Display fields instead of id")]
    [InlineData("constraints-ignored", "constraints", "Make an admin token")]
    [InlineData("types-not-exposed=payment", "type payment", "Tick the type")]
    public async Task What_the_app_does_is_named_with_its_mending(string fault, string check, string mending)
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 30, Faults = [fault] });

        Assert.Equal([check], await FailedAsync(scene, mending));
    }

    [Fact]
    public async Task A_wrong_token_is_said_once_and_never_shown()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { ApiToken = "sesame-open" } };

        var report = await scene.Engine().ExamineAsync(scene.Limit);

        var check = Assert.Single(report.Checks, c => c.Status == "failed");
        Assert.Contains("refused the token", check.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clocks_that_differ_are_noticed()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });
        scene.Clock = new Sync.SetClock("2026-01-01T00:00:00Z");

        Assert.Equal(["clocks"], await FailedAsync(scene, "Set this machine's clock"));
    }

    [Fact]
    public async Task Rights_that_lack_come_with_the_statement_that_grants_them()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        var role = $"reader_{Guid.NewGuid():N}";
        await scene.ExecuteAsync($"create role {role} login password 'p'; grant select on all tables in schema public to {role}");
        scene.Settings = scene.Settings with { Postgres = scene.Settings.Postgres with { ConnectionString = new Npgsql.NpgsqlConnectionStringBuilder(scene.Connection) { Username = role, Password = "p" }.ConnectionString } };

        var report = await scene.Engine().ExamineAsync(scene.Limit);

        Assert.Contains(report.Checks, c => c is { Name: "rights on agent", Status: "failed" } && c.Message.Contains($"grant select, insert, update on \"public\".\"agent\" to \"{role}\";", StringComparison.Ordinal));
        Assert.Contains(report.Checks, c => c.Name == "disk" || c.Status == "failed");
    }

    [Fact]
    public async Task The_program_tells_by_its_exit_code()
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var well = await Bubblesync.RunAsync(scene, "doctor");
        await scene.ExecuteAsync("drop table payment");
        var ill = await Bubblesync.RunAsync(scene, "doctor", "--output", "json");

        Assert.Equal((0, 1), (well.Code, ill.Code));
        Assert.False(ill.Json.GetProperty("success").GetBoolean());
    }

    private static async Task<IEnumerable<string>> FailedAsync(Scene scene, string mending)
    {
        var failed = (await scene.Engine().ExamineAsync(scene.Limit)).Checks.Where(c => c.Status == "failed").ToList();
        Assert.All(failed, c => Assert.Contains(mending, c.Message, StringComparison.Ordinal));
        return failed.Select(c => c.Name);
    }
}
