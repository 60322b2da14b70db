using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Control and staging tables of others: a run says what the doctor says, before it reads; a lock on them is no obstacle.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ControlTableObstacleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_schema_that_may_not_be_used_stops_a_run_with_the_grants_of_the_doctor()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"revoke all on schema bubblesync from {role}");

        var message = await fixture.AssertStopsAsync("control tables", $"grant usage on schema bubblesync to \"{role}\";");
        await fixture.FollowAsync(message, "grant usage");

        await fixture.AssertSyncsAsync();
    }

    [Theory]
    [InlineData("select on bubblesync.touched from $", "select", "tables")]
    [InlineData("execute on function bubblesync.all_touched() from public", "execute", "functions")]
    public async Task A_view_or_function_without_rights_stops_a_run_with_the_grant_that_is_missing(string right, string word, string objects)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"revoke {right.Replace("$", role, StringComparison.Ordinal)}");

        var message = await fixture.AssertStopsAsync("control tables", $"grant {word} on all {objects} in schema bubblesync to \"{role}\";");
        await fixture.FollowAsync(message, $"grant {word}");

        await fixture.AssertSyncsAsync();
    }

    [Theory]
    [InlineData("incremental")]
    [InlineData("record")]
    [InlineData("verify")]
    [InlineData("plan")]
    [InlineData("runs")]
    public async Task Other_commands_print_the_grant_too(string command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"revoke all on schema bubblesync from {role}");

        var stopped = await Assert.ThrowsAsync<SyncException>(() => command switch
        {
            "incremental" => fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit),
            "record" => fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(1)], new InvoiceSyncOptions(), null, fixture.Limit),
            "verify" => fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit),
            "plan" => fixture.Engine().PlanAsync(["agent"], fixture.Limit),
            _ => (Task)fixture.Engine().OpenArchiveAsync(fixture.Limit),
        });

        Assert.Contains($"grant usage on schema bubblesync to \"{role}\";", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task An_upgrade_by_a_user_who_may_make_nothing_is_left_to_the_owner()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"delete from bubblesync.schema_version where version > 4; revoke create on schema bubblesync from {role}");

        await fixture.AssertStopsAsync("control tables", "have version 4 and are to be upgraded to", "Apply the schema once as their owner");
    }

    [Fact]
    public async Task Locked_control_tables_of_an_earlier_version_are_no_obstacle()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var script = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "schema", "control", "001-tables.sql"));
        await fixture.ExecuteAsync($"drop schema bubblesync cascade; create schema bubblesync; {script}");
        await using (await HeldLock.ShutAsync(fixture, "lock table bubblesync.run in access share mode"))
        {
            var report = await fixture.Engine().ExamineAsync(fixture.Limit).WaitAsync(TimeSpan.FromSeconds(30));

            Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == CheckStatus.Failed)));
            Assert.Contains(report.Checks, c => c.Name == "control tables" && c.Message.Contains("another session uses them now", StringComparison.Ordinal));
        }

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task The_checks_of_an_upgrade_leave_the_tables_as_they_were()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop schema bubblesync cascade; create publication shared for table agent where (name is not null)");

        // The statements are tried with the tables in place, and PostgreSQL refuses those of this entity only.
        await fixture.AssertStopsAsync("statements on agent", "cannot update table");

        Assert.False(await fixture.ScalarAsync<bool>("select to_regnamespace('bubblesync') is not null"));
    }

    [Theory]
    [InlineData("drop table")]
    [InlineData("alter table")]
    public async Task Staging_tables_of_another_user_stop_a_run(string advice)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create function keep_out() returns trigger language plpgsql as 'begin return null; end'; "
            + "create trigger keep_out before insert on agent for each row execute function keep_out()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("drop trigger keep_out on agent");
        var left = await fixture.StagingAsync();
        var role = await fixture.AsUserAsync();

        var message = await fixture.AssertStopsAsync(
            "control tables", "belong to another user", $"drop table \"bubblesync_staging\".\"{left[0]}\"", $"owner to \"{role}\";");
        var statements = message[message.IndexOf(advice, StringComparison.Ordinal)..];
        await fixture.ExecuteAsync(advice == "drop table" ? statements[..(statements.IndexOf(';', StringComparison.Ordinal) + 1)] : statements);

        await fixture.AssertSyncsAsync();
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task The_event_trigger_is_found_by_the_whole_name_of_its_function()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create function public.shape() returns event_trigger language plpgsql as $x$ begin end $x$; "
            + "create event trigger a_notice on ddl_command_end execute function public.shape(); "
            + "create schema guards; create function guards.keep_shape() returns event_trigger language plpgsql as $x$ begin "
            + "raise exception 'no DDL here'; end $x$; "
            + "create event trigger guard on ddl_command_start when tag in ('CREATE TABLE') execute function guards.keep_shape()");

        var message = await fixture.AssertStopsAsync("staging tables", "event trigger 'guard' refuses");
        await fixture.FollowAsync(message, "alter event trigger");

        await fixture.AssertSyncsAsync();
    }
}
