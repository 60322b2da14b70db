using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>audit links</c> names exactly the relations whose target is missing.</summary>
public sealed class LinkAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Planted =
    [
        $"customer|linked_agent|agent|{SyncFixture.Id(90)}|2|", $"invoice|linked_customer|customer|{SyncFixture.Id(91)}|1|",
        $"invoice|linked_payment|payment|{SyncFixture.Id(92)}|2|",
        $"invoice|linked_payment|payment|{SyncFixture.Id(93)}|1|", $"payment|linked_invoice|invoice|{SyncFixture.Id(94)}|1|",
    ];

    [Fact]
    public async Task Each_missing_target_is_named_once_for_each_entity_and_column_with_the_rows_that_name_it()
    {
        await using var fixture = await PlantedAsync();

        var report = await fixture.Engine().AuditLinksAsync(new(), fixture.Limit);

        Assert.Equal(Planted, report.Links.Select(Word));
        Assert.Equal([
            "customer linked_agent 1 2 ", "invoice linked_customer 1 1 ", "invoice linked_payment 2 3 ", "payment linked_invoice 1 1 ",
        ], report.Columns.Select(c => $"{c.Entity} {c.Column} {c.Targets} {c.Records} {c.InBubble}"));
    }

    [Fact]
    public async Task A_link_that_a_foreign_key_holds_back_is_among_them()
    {
        await using var fixture = await PlantedAsync();
        await fixture.ExecuteAsync("update payment set linked_invoice = null; alter table payment add constraint payment_invoice foreign key (linked_invoice) "
            + "references invoice (bubble_id)");
        await fixture.ForceAsync("payment");

        var report = await fixture.Engine().AuditLinksAsync(new(), fixture.Limit);

        Assert.Equal("~", await fixture.RowAsync("select linked_invoice from payment"));
        Assert.Equal(Planted, report.Links.Select(Word));
    }

    [Fact]
    public async Task Asked_for_Bubble_tells_which_targets_it_still_has_and_the_command_fetches_them()
    {
        await using var fixture = await PlantedAsync();
        fixture.Put("agent", SyncFixture.Record(90, SyncFixture.Early));
        fixture.Put("submit_payment", SyncFixture.Record(93, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(94, SyncFixture.Early));

        var report = await fixture.Engine().AuditLinksAsync(new() { Ask = true }, fixture.Limit);
        var json = await Bubblesync.RunAsync(fixture, "audit", "links", "--ask", "--output", "json", "--schema", "public");

        Assert.Equal(
            ["resync-entities agent", null, null, "resync-entities submitted_payment", $"sync-invoices {SyncFixture.Id(94)}"],
            report.Links.Select(l => Action(l.Fetch)));
        Assert.Equal(
            ["resync --entity agent", null, null, "resync --entity submitted_payment", $"sync invoice {SyncFixture.Id(94)}"],
            json.Json.GetProperty("links").EnumerateArray()
                .Select(l => l.TryGetProperty("fetch", out var fetch) ? fetch.GetString()!["bubblesync ".Length..^" --schema public".Length] : null));
        Assert.Equal([1L, 0L, 1L, 1L], report.Columns.Select(c => c.InBubble!.Value));
    }

    [Fact]
    public async Task Where_Bubble_does_not_do_as_asked_nothing_is_said_of_what_it_lacks()
    {
        await using var fixture = await PlantedAsync();
        await using var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 20, Faults = ["constraints-ignored"] }, fixture.Limit);
        await fixture.MoveAsync(new Uri(bubble.BaseUrl + "/"));

        var report = await fixture.Engine().AuditLinksAsync(new() { Ask = true }, fixture.Limit);

        Assert.Contains(report.Warnings, w => w.StartsWith("agent: which targets Bubble has is not shown to be complete: ", StringComparison.Ordinal));
        Assert.All(report.Columns, c => Assert.Null(c.InBubble));
    }

    [Fact]
    public async Task Of_a_column_with_many_the_file_has_all_the_counts_count_all_and_the_report_has_the_first_thousand()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("insert into invoice (bubble_id, linked_customer, linked_agent) select '1x' || n, '2x' || lpad(n::text, 4, '0'), '3x1' "
            + "from generate_series(1, 1203) n");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early).Replace(SyncFixture.Id(1), "2x0999", StringComparison.Ordinal));
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early).Replace(SyncFixture.Id(1), "2x1203", StringComparison.Ordinal));
        var file = Path.Combine(fixture.Folder([]), "links.csv");

        var report = await fixture.Engine().AuditLinksAsync(new() { Ask = true, CsvFile = file }, fixture.Limit);

        Assert.Equal([("linked_agent", 1L, 1203L, 0L), ("linked_customer", 1203L, 1203L, 2L)], report.Columns.Select(
            c => (c.Column, c.Targets, c.Records, c.InBubble!.Value)));
        Assert.Equal(["3x1", .. Enumerable.Range(1, 1000).Select(n => $"2x{n:0000}")], report.Links.Select(l => l.TargetId));
        Assert.Equal("2x0999", Assert.Single(report.Links, l => l.Fetch is not null).TargetId);
        Assert.Equal(100, report.Links[0].BubbleIds.Count);
        Assert.Equal([
            "invoice,linked_agent,agent,3x1,1203", .. Enumerable.Range(1, 1203).Select(n => $"invoice,linked_customer,customer,2x{n:0000},1"),
        ], File.ReadLines(file).Skip(1).Select(l => l[..l.LastIndexOf(',')]));
        Assert.Equal(13, fixture.Bubble.Traffic.Count("customer_profile", RequestKind.List));
    }

    [Fact]
    public async Task The_program_prints_it_as_text_CSV_and_JSON_without_Bubble()
    {
        await using var fixture = await PlantedAsync();
        await fixture.Bubble.DisposeAsync();
        var file = Path.Combine(fixture.Folder([]), "links.csv");

        var text = await Bubblesync.RunAsync(fixture, "audit", "links", "--csv", file);
        var json = await Bubblesync.RunAsync(fixture, "audit", "links", "--output", "json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        var lines = File.ReadLines(file).Select(l => (Link: l[..l.LastIndexOf(',')], Rows: l[(l.LastIndexOf(',') + 1)..])).ToList();
        Assert.Equal(["entity,column,target_entity,target_id,records", .. Planted.Select(p => p.TrimEnd('|').Replace('|', ','))], lines.Select(l => l.Link));
        Assert.Equal(["bubble_ids", $"{SyncFixture.Id(1)} {SyncFixture.Id(2)}", SyncFixture.Id(3)], lines.Take(3).Select(l => l.Rows));
        Assert.Equal((5, 4), (json.Json.GetProperty("links").GetArrayLength(), json.Json.GetProperty("columns").GetArrayLength()));
        Assert.Contains("linked_payment", text.Output, StringComparison.Ordinal);
    }

    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in new[] { 1, 2 })
            fixture.Put("Customer_Profile", SyncFixture.Record(number, SyncFixture.Early, $"\"Linked Agent\": \"{SyncFixture.Id(90)}\", \"Created By\": "
                + "\"admin_user_app_live\""));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked Customer\": \"{SyncFixture.Id(91)}\", \"Linked Payment\": "
            + $"[\"{SyncFixture.Id(92)}\", \"{SyncFixture.Id(5)}\", \"{SyncFixture.Id(92)}\"]"));
        fixture.Put("invoice", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Customer\": \"{SyncFixture.Id(1)}\", \"Linked Payment\": "
            + $"[\"{SyncFixture.Id(92)}\", \"{SyncFixture.Id(93)}\"]"));
        fixture.Put("payment", SyncFixture.Record(5, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(94)}\""));
        await fixture.ResyncAsync();
        return fixture;
    }

    private static string Word(MissingLink link) => $"{link.Entity}|{link.Column}|{link.TargetEntity}|{link.TargetId}|{link.Records}|{Action(link.Fetch)}";

    private static string? Action(NextAction? action) => action is null
        ? null
        : $"{BubbleSync.Etl.Words.Word.Of(action.Kind)} {string.Join(' ', action.Entities.Concat(action.BubbleIds))}";
}
