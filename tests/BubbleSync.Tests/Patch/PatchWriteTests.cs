using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Patch.TouchedWitness;

namespace BubbleSync.Tests.Patch;

/// <summary>Which of the rows that a patch wrote the patches after it and before it find in <c>bubblesync.touched</c>.</summary>
public sealed class PatchWriteTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Update = "update \"agent\" set \"contact\" = 'c' where \"contact\" is distinct from 'c'";

    [Theory]
    [InlineData($"{Update};")]
    [InlineData($"do $$ begin {Update}; end $$;")]
    [InlineData("select public.write_contacts();")]
    [InlineData($"with a as ({Update} returning bubble_id) update \"customer\" set \"name\" = 'x' where \"customer_id\" in (select bubble_id from a);")]
    [InlineData($"{Update} returning 'customer' as \"entity\", \"bubble_id\";")]
    [InlineData($"{Update} returning 'Agent_Type' as \"entity\", \"bubble_id\";")]
    public async Task What_a_patch_wrote_and_did_not_return_makes_the_patches_after_it_see_all_rows(string sql)
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.ExecuteAsync($"create function public.write_contacts() returns void language sql as $$ {Update} $$");
        await fixture.WithPatches(("005-name", sql), (Name, Sql)).ResyncAsync();
        await IncrementalAsync(fixture);
        await fixture.ExecuteAsync("update public.agent set contact = null where bubble_id like '%9'");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal(await CountAsync(fixture), seen.Count);
    }

    [Fact]
    public async Task A_name_that_is_no_entity_is_a_warning_that_names_the_entities()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.WithPatches(("005-name", $"{Update} returning 'Agent_Type' as \"entity\", \"bubble_id\";"));

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Contains(
            "Patch 005-name returns rows of 'Agent_Type', which is no entity; so all rows of all tables count as written. In its "
            + "'returning', write the name of the entity's map: agent, customer, invoice, invoice_item, payment, seda_registration, submitted_payment, user.",
            report.Warnings);
    }

    [Fact]
    public async Task What_a_patch_writes_into_other_tables_counts_for_nothing()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.ExecuteAsync("create table public.other (at timestamptz)");
        await fixture.WithPatches(("005-other", "insert into other values (now());"), (Name, Sql)).ResyncAsync();

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Empty(seen);
    }

    [Fact]
    public async Task What_a_patch_returns_is_shown_to_the_patches_after_it()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.WithPatches(
            ("005-name", $"{Update} returning 'agent' as \"entity\", \"bubble_id\";"),
            (Name, Sql)).ResyncAsync();
        await IncrementalAsync(fixture);
        await fixture.ExecuteAsync("update public.agent set contact = null where bubble_id like '%9'");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([$"false|agent|{SyncFixture.Id(9)}"], seen);
    }

    [Fact]
    public async Task What_a_later_patch_wrote_is_shown_to_earlier_ones_in_the_next_run_and_then_no_more()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.WithPatches(
            (Name, Sql),
            ("020-name", $"{Update} returning 'agent' as \"entity\", \"bubble_id\";")).ResyncAsync();
        await IncrementalAsync(fixture);
        await fixture.ExecuteAsync("update public.agent set contact = null where bubble_id like '%9'");

        var writing = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var next = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var last = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Empty(writing);
        Assert.Equal([$"false|agent|{SyncFixture.Id(9)}"], next);
        Assert.Empty(last);
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(*) from bubblesync.touched_row"));
    }

    // The row that a sync wrote is noted already when the patch writes it.
    [Fact]
    public async Task A_row_that_the_sync_and_a_later_patch_wrote_is_shown_again_in_the_next_run()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.WithPatches(
            (Name, Sql),
            ("020-name", """update "agent" set "contact" = "name" where "contact" is distinct from "name" returning 'agent' as "entity", "bubble_id";"""))
            .ResyncAsync();
        await IncrementalAsync(fixture);
        ChangeAgent(fixture);

        var first = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var second = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([$"false|agent|{SyncFixture.Id(1)}"], first);
        Assert.Equal(first, second);
    }
}
