using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>doctor</c> names the rights that a user lacks, with the statements that grant them.</summary>
public sealed class DoctorRightsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Rights_that_lack_come_with_the_statement_that_grants_them()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        var role = await AsReaderAsync(fixture);

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Contains(report.Checks, c => c is { Name: "rights on agent", Status: CheckStatus.Failed } && c.Message.Contains("grant select, insert, update "
            + $"on \"public\".\"agent\" to \"{role}\";", StringComparison.Ordinal));
        Assert.Contains(
            report.Checks, c =>
                c is { Name: "control tables", Status: CheckStatus.Failed } && c.Message.Contains($"grant usage on schema bubblesync to \"{role}\"; grant "
                    + $"usage on schema bubblesync_staging to \"{role}\"; grant create on schema bubblesync_staging to \"{role}\"; grant select, insert, "
                    + $"update, delete on all tables in schema bubblesync to \"{role}\";", StringComparison.Ordinal));
        Assert.Contains(report.Checks, c => c is { Name: "disk", Status: CheckStatus.Skipped });
    }

    [Fact]
    public async Task The_grants_it_names_are_enough_for_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await AsReaderAsync(fixture);

        var failed = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Where(c => c.Status == CheckStatus.Failed).ToList();
        foreach (var check in failed)
            await fixture.ExecuteAsync(check.Message[check.Message.IndexOf("grant ", StringComparison.Ordinal)..]);

        var corrected = await fixture.Engine().ExamineAsync(fixture.Limit);
        Assert.True(corrected.Success, string.Join('\n', corrected.Checks));
        Assert.Contains("For a hard prune alone: grant delete", corrected.Checks.Single(c => c.Name == "rights on agent").Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }

    [Fact]
    public async Task A_schema_that_the_user_may_not_use_is_named_and_does_not_end_the_report()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await AsReaderAsync(fixture);
        await fixture.ExecuteAsync("revoke usage on schema public from public");

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Contains(
            report.Checks, c => c is { Name: "rights on schema public", Status: CheckStatus.Failed }
                && c.Message.Contains($"grant usage on schema \"public\" to \"{role}\";", StringComparison.Ordinal));
        Assert.Contains(report.Checks, c => c is { Name: "table agent", Status: CheckStatus.Ok });
        Assert.Contains(report.Checks, c => c is { Name: "type agent", Status: CheckStatus.Ok });
    }

    [Fact]
    public async Task A_key_that_only_the_owner_can_make_is_not_left_to_the_next_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await AsReaderAsync(fixture);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key");

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Equal("missing, and only the table's owner can make it: create unique index on \"public\".\"agent\" "
            + "(\"bubble_id\");", report.Checks.Single(c => c.Name == "unique key agent.bubble_id").Message);
    }

    [Fact]
    public async Task A_user_who_may_not_make_tables_is_told_what_allows_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        var role = await AsReaderAsync(fixture);

        foreach (var check in (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Where(c => c.Message.Contains("grant ", StringComparison.Ordinal)))
            await fixture.ExecuteAsync(check.Message[check.Message.IndexOf("grant ", StringComparison.Ordinal)..]);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.Equal(role, await fixture.ScalarAsync<string>("select tableowner::text from pg_tables where tablename = 'agent'"));
    }

    [Theory]
    [InlineData("database")]
    [InlineData("role")]
    public async Task Who_may_not_write_is_told_what_forbids_it(string where)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await AsReaderAsync(fixture);
        await fixture.ExecuteAsync($"grant select, insert, update on all tables in schema public to {role}");
        var name = where == "role" ? role : new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection).Database;
        await fixture.ExecuteAsync($"alter {where} {name} set default_transaction_read_only = on");

        var writing = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Single(c => c.Name == "writing");

        Assert.Equal(CheckStatus.Failed, writing.Status);
        Assert.EndsWith($"alter {where} {name} reset default_transaction_read_only;", writing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_is_to_be_made_needs_the_right_to_make_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync("agent");
        var role = await AsReaderAsync(fixture);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { Schema = "mirror" } };

        var check = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Single(c => c.Name == "rights on schema mirror");

        Assert.Equal(CheckStatus.Failed, check.Status);
        Assert.EndsWith($"to \"{role}\";", check.Message, StringComparison.Ordinal);
    }

    // Connects as a new user, who may read the tables and nothing else; returns the user's name.
    private static async Task<string> AsReaderAsync(SyncFixture fixture)
    {
        var role = $"reader_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} login password 'p'; grant select on all tables in schema public to {role}");
        fixture.Settings = fixture.Settings with
        {
            Postgres = fixture.Settings.Postgres with
            {
                ConnectionString = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" }.ConnectionString,
            },
        };
        return role;
    }
}
