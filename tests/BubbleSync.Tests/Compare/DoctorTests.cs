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
        Assert.Contains("For --prune hard alone: grant delete", corrected.Checks.Single(c => c.Name == "rights on agent").Message, StringComparison.Ordinal);
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

    // Looks at the database as a user of its own, who may read the tables and nothing else; returns the user's name.
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

    private static async Task<IEnumerable<string>> FailedAsync(SyncFixture fixture, string mending)
    {
        var failed = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks.Where(c => c.Status == CheckStatus.Failed).ToList();
        Assert.All(failed, c => Assert.Contains(mending, c.Message, StringComparison.Ordinal));
        return failed.Select(c => c.Name);
    }
}
