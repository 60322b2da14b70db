using System.Text.Json;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync invoice</c> from outside: words, files, exit codes and the shape of its JSON.</summary>
public sealed class InvoiceCommandTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Its_JSON_has_the_agreed_shape()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        scene.Bubble.Records.Delete("payment", Scene.Id(21));

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), Scene.Id(77), "--output", "json");

        Assert.Equal(1, outcome.Code);
        var json = outcome.Json;
        Assert.False(json.GetProperty("success").GetBoolean());
        var (good, bad) = (json.GetProperty("results")[0], json.GetProperty("results")[1]);
        Assert.All([good, bad], r => Assert.Equal(["success", "invoiceId", "steps", "errors", "stats"], Names(r)));
        Assert.Equal("""{"agent":1,"customer":1,"user":2,"payments":1,"submitted_payments":1,"invoice_items":2,"seda":1,"invoice":1}""", Compact(good.GetProperty("stats")));
        Assert.Equal("""{"action":"agent","success":true}""", Compact(good.GetProperty("steps")[0]));
        Assert.Equal(["action", "success", "error"], Names(bad.GetProperty("steps")[0]));
        Assert.Equal(("warning", "error"), (Severity(good), Severity(bad)));
        Assert.Equal((true, Scene.Id(10)), (good.GetProperty("success").GetBoolean(), good.GetProperty("invoiceId").GetString()));
    }

    [Fact]
    public async Task Where_an_id_is_none_the_last_line_agrees_with_the_exit_code()
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", "123");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("sync invoice failed: 0 records", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("error: '123' is no Bubble id", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_up_to_date_has_the_single_step_skip()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), "--output", "json");

        Assert.Equal((0, true), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal("""[{"action":"skip","success":true}]""", Compact(outcome.Json.GetProperty("results")[0].GetProperty("steps")));
    }

    [Fact]
    public async Task Ids_come_from_words_and_from_a_file_and_options_are_heard()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        scene.Put("invoice", Scene.Record(12, Scene.Early));
        scene.Put("invoice", Scene.Record(13, Scene.Early));
        var folder = scene.Folder([("ids.txt", $"\uFEFF{Scene.Id(11)},{Scene.Id(12)}\r\n\r\n\t{Scene.Id(11)} , ;{Scene.Id(10)}  broken\n")]);

        var outcome = await Bubblesync.RunAsync(
            scene, "sync", "invoice", $"{Scene.Id(13)},{Scene.Id(10)}", "--ids-file", Path.Combine(folder, "ids.txt"), "--skip-users", "--skip-agents", "--output", "json");

        Assert.Equal(1, outcome.Code);
        Assert.Equal(
            [$"{Scene.Id(13)} True", $"{Scene.Id(10)} True", $"{Scene.Id(11)} True", $"{Scene.Id(12)} True", "broken False"],
            outcome.Json.GetProperty("results").EnumerateArray().Select(r => $"{r.GetProperty("invoiceId").GetString()} {r.GetProperty("success").GetBoolean()}"));
        Assert.DoesNotContain(await scene.StoredAsync(), s => s.StartsWith("user", StringComparison.Ordinal) || s.StartsWith("agent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Force_is_heard()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        await scene.ExecuteAsync("update invoice set amount = 99, updated_at = now()");

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), "--force");

        Assert.Equal((0, "5"), (outcome.Code, await scene.RowAsync("select trim_scale(amount)::text from invoice")));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n,, ;\t\r\n")]
    public async Task A_file_without_an_id_ends_with_2(string text)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        var folder = scene.Folder([("ids.txt", text)]);

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", "--ids-file", Path.Combine(folder, "ids.txt"));

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("There is no id to sync", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, scene.Bubble.Traffic.Requests);
    }

    [Theory]
    [InlineData("--ids-file", "/nowhere/ids.txt")]
    [InlineData("--ids-file", "/tmp")]
    [InlineData("--output", "text")]
    [InlineData("--from", "2026-01-01")]
    public async Task Wrong_usage_ends_with_2_and_asks_nothing(params string[] words)
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(scene, ["sync", "invoice", .. words]);

        Assert.Equal(2, outcome.Code);
        Assert.NotEmpty(outcome.Error);
        Assert.DoesNotContain("   at ", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, scene.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task On_a_screen_each_invoice_is_a_line_and_trouble_follows()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        scene.Bubble.Records.Delete("payment", Scene.Id(21));

        var outcome = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), Scene.Id(77));

        Assert.Equal(1, outcome.Code);
        Assert.Matches($"{Scene.Id(10)} +synced +1 +1 +2 +1 +1 +2 +1", outcome.Output);
        Assert.Matches($"{Scene.Id(77)} +failed", outcome.Output);
        Assert.Contains($"warning: payment {Scene.Id(21)}", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"error: Bubble has no invoice {Scene.Id(77)}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("sync invoice partial", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_cannot_be_reached_ends_with_3_and_names_each_invoice()
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(scene, [("Bubble__BaseUrl", "http://127.0.0.1:9/api/1.1"), ("Bubble__MaxAttempts", "1")], "sync", "invoice", Scene.Id(10), "--output", "json");

        Assert.Equal((3, false), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal(Scene.Id(10), outcome.Json.GetProperty("results")[0].GetProperty("invoiceId").GetString());
    }

    private static string Severity(JsonElement result) => result.GetProperty("errors")[0].GetProperty("severity").GetString()!;

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
