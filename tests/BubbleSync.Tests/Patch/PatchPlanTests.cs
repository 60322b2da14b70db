using System.Text.Json;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>Patches are planned for the rows that a run has just merged, not for the tables as they were.</summary>
public sealed class PatchPlanTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_table_that_autovacuum_saw_in_the_middle_of_a_merge_is_not_planned_for_one_row()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 600 });
        await fixture.ExecuteAsync("""
            alter table invoice_item set (autovacuum_enabled = false);
            update pg_class set relpages = 1, reltuples = 0 where oid = 'invoice_item'::regclass
            """);

        await fixture.ResyncAsync();

        var rows = await fixture.ScalarAsync<long>("select count(*) from invoice_item");
        Assert.InRange(rows, 1000, long.MaxValue);
        Assert.InRange(await PlannedAsync(fixture, "invoice_item"), rows / 2, rows * 2);
    }

    private static async Task<long> PlannedAsync(SyncFixture fixture, string table)
    {
        using var plan = JsonDocument.Parse((await fixture.ScalarAsync<string>($"explain (format json) select from {table}"))!);
        return plan.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetInt64();
    }
}
