using BubbleSync.Etl;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Audit;

/// <summary><c>audit links</c> names exactly the relations whose target is missing.</summary>
public sealed class LinkAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Planted =
    [
        $"customer|linked_agent|agent|{Scene.Id(90)}|2|", $"invoice|linked_customer|customer|{Scene.Id(91)}|1|", $"invoice|linked_payment|payment|{Scene.Id(92)}|2|",
        $"invoice|linked_payment|payment|{Scene.Id(93)}|1|", $"payment|linked_invoice|invoice|{Scene.Id(94)}|1|",
    ];

    [Fact]
    public async Task Each_missing_target_is_named_once_for_each_entity_and_column_with_the_rows_that_name_it()
    {
        await using var scene = await PlantedAsync();

        var report = await scene.Engine().AuditLinksAsync(new(), scene.Limit);

        Assert.Equal(Planted, report.Links.Select(Word));
        Assert.Equal(["customer linked_agent 1 2 ", "invoice linked_customer 1 1 ", "invoice linked_payment 2 3 ", "payment linked_invoice 1 1 "], report.Columns.Select(c => $"{c.Entity} {c.Column} {c.Targets} {c.Records} {c.InBubble}"));
    }

    [Fact]
    public async Task A_link_that_a_foreign_key_holds_back_is_among_them()
    {
        await using var scene = await PlantedAsync();
        await scene.ExecuteAsync("update payment set linked_invoice = null; alter table payment add constraint payment_invoice foreign key (linked_invoice) references invoice (bubble_id)");
        await scene.ForceAsync("payment");

        var report = await scene.Engine().AuditLinksAsync(new(), scene.Limit);

        Assert.Equal("~", await scene.RowAsync("select linked_invoice from payment"));
        Assert.Equal(Planted, report.Links.Select(Word));
    }

    [Fact]
    public async Task Asked_for_Bubble_tells_which_targets_it_still_has_and_the_command_fetches_them()
    {
        await using var scene = await PlantedAsync();
        scene.Put("agent", Scene.Record(90, Scene.Early));
        scene.Put("submit_payment", Scene.Record(93, Scene.Early));
        scene.Put("invoice", Scene.Record(94, Scene.Early));

        var report = await scene.Engine().AuditLinksAsync(new() { Ask = true }, scene.Limit);

        Assert.Equal(
            ["bubblesync resync --entity agent", null, null, "bubblesync resync --entity submitted_payment", $"bubblesync sync invoice {Scene.Id(94)}"],
            report.Links.Select(l => l.Fetch));
        Assert.Equal([1L, 0L, 1L, 1L], report.Columns.Select(c => c.InBubble!.Value));
    }

    [Fact]
    public async Task Where_Bubble_does_not_do_as_asked_nothing_is_said_of_what_it_lacks()
    {
        await using var scene = await PlantedAsync();
        await using var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 20, Faults = ["constraints-ignored"] }, scene.Limit);
        await scene.MoveAsync(new Uri(bubble.BaseUrl + "/"));

        var report = await scene.Engine().AuditLinksAsync(new() { Ask = true }, scene.Limit);

        Assert.Contains(report.Warnings, w => w.StartsWith("agent: which targets Bubble has is not shown to be complete: ", StringComparison.Ordinal));
        Assert.All(report.Columns, c => Assert.Null(c.InBubble));
    }

    [Fact]
    public async Task Of_a_column_with_many_the_file_has_all_the_counts_count_all_and_the_report_has_the_first_thousand()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("insert into invoice (bubble_id, linked_customer, linked_agent) select '1x' || n, '2x' || lpad(n::text, 4, '0'), '3x1' from generate_series(1, 1203) n");
        scene.Put("Customer_Profile", Scene.Record(1, Scene.Early).Replace(Scene.Id(1), "2x0999", StringComparison.Ordinal));
        scene.Put("Customer_Profile", Scene.Record(1, Scene.Early).Replace(Scene.Id(1), "2x1203", StringComparison.Ordinal));
        var file = Path.Combine(scene.Folder([]), "links.csv");

        var report = await scene.Engine().AuditLinksAsync(new() { Ask = true, CsvFile = file }, scene.Limit);

        Assert.Equal([("linked_agent", 1L, 1203L, 0L), ("linked_customer", 1203L, 1203L, 2L)], report.Columns.Select(c => (c.Column, c.Targets, c.Records, c.InBubble!.Value)));
        Assert.Equal(["3x1", .. Enumerable.Range(1, 1000).Select(n => $"2x{n:0000}")], report.Links.Select(l => l.TargetId));
        Assert.Equal("2x0999", Assert.Single(report.Links, l => l.Fetch is not null).TargetId);
        Assert.Equal(["invoice,linked_agent,agent,3x1,1203", .. Enumerable.Range(1, 1203).Select(n => $"invoice,linked_customer,customer,2x{n:0000},1")], File.ReadLines(file).Skip(1));
        Assert.Equal(13, scene.Bubble.Traffic.Count("customer_profile", RequestKind.List));
    }

    [Fact]
    public async Task The_program_prints_it_as_text_CSV_and_JSON_without_Bubble()
    {
        await using var scene = await PlantedAsync();
        await scene.Bubble.DisposeAsync();
        var file = Path.Combine(scene.Folder([]), "links.csv");

        var text = await Bubblesync.RunAsync(scene, "audit", "links", "--csv", file);
        var json = await Bubblesync.RunAsync(scene, "audit", "links", "--output", "json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.Equal(["entity,column,target_entity,target_id,records", .. Planted.Select(p => p.TrimEnd('|').Replace('|', ','))], File.ReadLines(file));
        Assert.Equal((5, 4), (json.Json.GetProperty("links").GetArrayLength(), json.Json.GetProperty("columns").GetArrayLength()));
        Assert.Contains("linked_payment", text.Output, StringComparison.Ordinal);
    }

    private async Task<Scene> PlantedAsync()
    {
        var scene = await Scene.OpenAsync(postgres);
        foreach (var number in new[] { 1, 2 })
            scene.Put("Customer_Profile", Scene.Record(number, Scene.Early, $"\"Linked Agent\": \"{Scene.Id(90)}\", \"Created By\": \"admin_user_app_live\""));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked Customer\": \"{Scene.Id(91)}\", \"Linked Payment\": [\"{Scene.Id(92)}\", \"{Scene.Id(5)}\", \"{Scene.Id(92)}\"]"));
        scene.Put("invoice", Scene.Record(4, Scene.Early, $"\"Linked Customer\": \"{Scene.Id(1)}\", \"Linked Payment\": [\"{Scene.Id(92)}\", \"{Scene.Id(93)}\"]"));
        scene.Put("payment", Scene.Record(5, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(94)}\""));
        await scene.ResyncAsync();
        return scene;
    }

    private static string Word(MissingLink link) => $"{link.Entity}|{link.Column}|{link.TargetEntity}|{link.TargetId}|{link.Records}|{link.Fetch}";
}
