using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Tables, columns, indexes and types that are not as the maps want them.</summary>
public sealed class BadTargetTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("drop table payment", ErrorCode.TableMissing, "payment")]
    [InlineData("alter table customer drop column linked_agent", ErrorCode.ColumnMissing, "linked_agent")]
    [InlineData("alter table agent drop column last_synced_at", ErrorCode.ColumnMissing, "last_synced_at")]
    [InlineData("alter table invoice_item alter column qty type integer", ErrorCode.ColumnMisfit, "qty")]
    [InlineData("alter table agent alter column created_date type time using null", ErrorCode.ColumnMisfit, "created_date")]
    [InlineData("alter table agent alter column updated_at type date", ErrorCode.ColumnMisfit, "updated_at")]
    [InlineData("alter table agent alter column last_synced_at type text", ErrorCode.ColumnMisfit, "last_synced_at")]
    [InlineData("alter table agent alter column created_at type text", ErrorCode.ColumnMisfit, "created_at")]
    [InlineData("alter table agent drop column slug, add column slug text generated always as (name) stored", ErrorCode.ColumnMisfit, "slug")]
    [InlineData("alter table agent drop column commission, add column commission integer generated always as identity", ErrorCode.ColumnMisfit, "commission")]
    public async Task A_target_that_does_not_fit_stops_before_anything_is_read(string sql, ErrorCode code, string named)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(sql);

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync());

        var error = Assert.Single(failure.Errors);
        Assert.Equal((code, false), (error.Code, failure.IsUsage));
        Assert.Contains($"'{named}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_missing_unique_index_is_made_and_said()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index customer_customer_id_key");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("customer");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Contains(report.Warnings, w => w.Contains("customer: made the missing unique index on 'customer_id'", StringComparison.Ordinal));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from pg_index where indrelid = 'customer'::regclass and indisunique and not "
            + "indisprimary"));
    }

    [Fact]
    public async Task Duplicates_that_forbid_the_unique_index_are_named_and_nothing_is_read()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key; insert into agent (bubble_id) values ('1x1'), ('1x1'), ('2x2'), ('2x2'), ('3x3')");

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync());

        Assert.Equal((ErrorCode.DuplicateKeys, false), (failure.Errors[0].Code, failure.IsUsage));
        Assert.Contains("1x1 (2 rows), 2x2 (2 rows).", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_table_whose_trigger_keeps_rows_out_stops_the_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create function keep_out() returns trigger language plpgsql as 'begin return case when new.name = ''Ann'' then null else "
            + "new end; end'; create trigger keep_out before insert on agent for each row execute function keep_out()");
        foreach (var number in new[] { 3, 4 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        foreach (var number in new[] { 3, 4 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, "\"Name\": \"Cleo\""));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Bea\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(
            "kept 1 of 2 new rows out", Assert.Single(report.Errors, e => e is { Code: ErrorCode.RowsNotTaken, Entity: "agent" }).Message,
            StringComparison.Ordinal);
        Assert.Equal("2|0", await fixture.RowAsync("select count(*), count(name) from agent"));
    }

    [Fact]
    public async Task A_database_that_quotes_all_names_is_like_any_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            $"alter database \"{new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection).Database}\" set quote_all_identifiers = on");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }

    [Fact]
    public async Task A_type_that_is_not_exposed_stops_the_run_before_anything_is_read()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5, Faults = ["types-not-exposed=payment"] });

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(report.Errors, e => e is { Code: ErrorCode.TypeNotExposed, Entity: "payment" });
        Assert.DoesNotContain(fixture.Bubble.Traffic.Recent, line => line.Contains("limit=100", StringComparison.Ordinal));
        Assert.Empty(await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task Only_the_entities_that_are_named_are_read_and_written()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        await fixture.ExecuteAsync("drop table payment");

        var report = await fixture.ResyncAsync("user", "agent");

        Assert.Equal(["agent", "user"], report.Entities.Select(e => e.Name));
        Assert.Equal(0, fixture.Bubble.Traffic.Count("invoice"));
        Assert.Equal(report.Patches.Where(p => p.Status == PatchStatus.Skipped).Select(p => p.Name), ["040-invoice-payments"]);
    }
}
