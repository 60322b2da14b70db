using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Resync.SyncFixture;

namespace BubbleSync.Tests.Schema;

/// <summary><c>schema apply --views</c>: views that resolve links, and stand in nobody's way.</summary>
public sealed class ViewTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly SchemaOptions Views = new() { Views = true };

    [Fact]
    public async Task Links_are_joined_and_lists_have_a_row_for_each_pair()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("customer_profile", Record(1, Early, "\"Name\": \"Ada\""));
        fixture.Put("payment", Record(3, Early, "\"Amount\": 7"));
        fixture.Put("invoice", Record(
            2, Early, $"\"Linked Customer\": \"{Id(1)}\", \"Linked Payment\": [\"{Id(4)}\", \"{Id(3)}\", \"{Id(4)}\"], \"Amount\": 12.50"));
        fixture.Put("invoice", Record(5, Early, $"\"Linked Customer\": \"{Id(99)}\", \"Linked Payment\": []"));
        await fixture.ResyncAsync("customer", "payment", "invoice");

        var applied = await Bubblesync.RunAsync(fixture, "schema", "apply", "--views", "--output", "json");

        Assert.True(applied.Code == 0, applied.All);
        var views = applied.Json.GetProperty("views").EnumerateArray().Select(v => v.GetString()!).ToList();
        Assert.Contains("agent_view", views);
        Assert.Equal(
            [$"{Id(2)}|12.50|{Id(1)}|Ada", $"{Id(5)}|~|{Id(99)}|~"],
            await fixture.RowsAsync("select bubble_id, amount, linked_customer, linked_customer_name from invoice_view order by 1"));
        Assert.Equal(
            [$"{Id(2)}|{Id(4)}|1", $"{Id(2)}|{Id(3)}|2"],
            await fixture.RowsAsync("select invoice_bubble_id, linked_payment, position from invoice_linked_payment_view order by position"));
        // Row-level security and rights of the tables hold for readers of the views.
        Assert.Equal(views.Count, await fixture.ScalarAsync<long>("select count(*) from pg_class where relkind = 'v' and "
            + "relnamespace = 'public'::regnamespace and reloptions::text = '{security_invoker=true}'"));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from information_schema.columns where table_name = 'invoice_view' and "
            + "column_name = 'customer_notes'"));
    }

    [Fact]
    public async Task Views_follow_the_maps_and_keep_their_rights_where_they_can()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create view public.invoice_view as select 1 as theirs");
        var first = await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);
        await fixture.ExecuteAsync("grant select on payment_view to pg_monitor");
        fixture.WithMaps(
            ("payment.json", map => map.Replace("    { \"column\": \"remark\"", "    { \"column\": \"log\", \"type\": \"text\", \"from\": \"Log\" },\n"
                + "    { \"column\": \"remark\"", StringComparison.Ordinal)),
            ("invoice.json", map => map.Replace("\"relation\": \"invoice_item\"", "\"follow\": false", StringComparison.Ordinal)));

        var second = await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);
        var granted = await fixture.ScalarAsync<bool>("select has_table_privilege('pg_monitor', 'payment_view', 'select')");
        await fixture.ExecuteAsync("create view public.theirs as select * from payment_view");
        fixture.WithMaps();
        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ApplySchemaAsync(Views, fixture.Limit));
        await fixture.ExecuteAsync("drop view public.theirs");
        var third = await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);

        Assert.Equal("1", await fixture.RowAsync("select theirs from public.invoice_view"));
        Assert.Contains("invoice_view_2", first.Views);
        Assert.Equal(["invoice_linked_invoice_item_view"], first.Views.Except(second.Views));
        Assert.Empty(second.Warnings);
        Assert.True(granted);
        Assert.Contains("But view theirs depends on it. Drop that first", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("'payment_view' was dropped and made anew", Assert.Single(third.Warnings), StringComparison.Ordinal);
        Assert.Equal(first.Views, third.Views);
    }

    [Fact]
    public async Task A_view_of_others_on_one_of_ours_is_named_before_a_column_gets_another_type()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);
        await fixture.ExecuteAsync("create view public.theirs as select annual_collection from public.agent_view");
        fixture.WithMap("agent", map => map.Replace("\"numeric\", \"from\": \"Annual Collection\"", "\"text\", \"from\": \"Annual Collection\"",
            StringComparison.Ordinal));

        var audit = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);

        var misfit = Assert.Single(audit.Findings, f => f is { Finding: SchemaFindingKind.ColumnMisfit, Column: "annual_collection" });
        Assert.Null(misfit.Ddl);
        Assert.Contains("view \"public\".\"agent_view\"", misfit.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Views_stand_in_the_way_of_no_change_of_the_tables()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);
        fixture.WithMaps(
            ("agent.json", map => map.Replace("\"numeric\", \"from\": \"Annual Collection\"", "\"text\", \"from\": \"Annual Collection\"",
                StringComparison.Ordinal)),
            ("agent_view.json", _ => """
                { "name": "agent_view", "bubbleType": "agent view", "table": "agent_view", "key": "bubble_id", "fields": [
                  { "column": "bubble_id", "type": "text", "from": "_id" },
                  { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" } ] }
                """));
        fixture.Put("agent view", Record(1, Early));

        await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions { Apply = true }, fixture.Limit);
        var audit = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);
        var misfit = Assert.Single(audit.Findings, f => f is { Finding: SchemaFindingKind.ColumnMisfit, Column: "annual_collection" });
        // Another column may share the views.
        await fixture.ExecuteAsync(misfit.Ddl!);
        await fixture.ExecuteAsync(misfit.Ddl!);
        var again = await fixture.Engine().ApplySchemaAsync(Views, fixture.Limit);

        Assert.StartsWith("drop view if exists ", misfit.Ddl, StringComparison.Ordinal);
        Assert.Contains("It drops the views", misfit.Message, StringComparison.Ordinal);
        Assert.Contains("agent_view_2", again.Views);
        Assert.Equal("r|text", await fixture.RowAsync("select (select relkind from pg_class where oid = 'agent_view'::regclass)::text, "
            + "(select format_type(atttypid, null) from pg_attribute where attrelid = 'agent_view_2'::regclass and attname = 'annual_collection')"));
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent", "agent_view")).Status);
    }
}
