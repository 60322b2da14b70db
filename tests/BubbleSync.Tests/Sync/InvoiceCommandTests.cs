using System.Text.Json;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync invoice</c> from outside: words, files, exit codes and the shape of its JSON.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class InvoiceCommandTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Its_JSON_has_the_agreed_shape()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Bubble.Records.Delete("payment", SyncFixture.Id(21));

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), SyncFixture.Id(77), "--output", "json");

        Assert.Equal(1, outcome.Code);
        var json = outcome.Json;
        Assert.False(json.GetProperty("success").GetBoolean());
        var (good, bad) = (json.GetProperty("results")[0], json.GetProperty("results")[1]);
        Assert.All([good, bad], r => Assert.Equal(["success", "invoiceId", "steps", "errors", "stats"], Names(r)));
        Assert.Equal("""{"agent":1,"customer":1,"user":2,"payments":1,"submitted_payments":1,"invoice_items":2,"seda":1,"invoice":1}""", Compact(
            good.GetProperty("stats")));
        Assert.Equal("""{"action":"agent","success":true}""", Compact(good.GetProperty("steps")[0]));
        Assert.Equal(["action", "success", "error"], Names(bad.GetProperty("steps")[0]));
        Assert.Equal(("warning", "error"), (Severity(good), Severity(bad)));
        Assert.Equal((true, SyncFixture.Id(10)), (good.GetProperty("success").GetBoolean(), good.GetProperty("invoiceId").GetString()));
    }

    [Fact]
    public async Task Where_an_id_is_none_the_last_line_agrees_with_the_exit_code()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", "123");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("sync invoice failed: 0 records", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("error: '123' is no Bubble id", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_up_to_date_has_the_single_step_skip()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), "--output", "json");

        Assert.Equal((0, true), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal("""[{"action":"skip","success":true}]""", Compact(outcome.Json.GetProperty("results")[0].GetProperty("steps")));
    }

    [Fact]
    public async Task Ids_come_from_words_and_from_a_file_and_options_are_heard()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Put("invoice", SyncFixture.Record(12, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(13, SyncFixture.Early));
        var folder = fixture.Folder(
            [("ids.txt", $"\uFEFF{SyncFixture.Id(11)},{SyncFixture.Id(12)}\r\n\r\n\t{SyncFixture.Id(11)} , ;{SyncFixture.Id(10)}  broken\n")]);

        var outcome = await Bubblesync.RunAsync(
            fixture, "sync", "invoice", $"{SyncFixture.Id(13)},{SyncFixture.Id(10)}", "--ids-file", Path.Combine(folder, "ids.txt"), "--skip-users",
            "--skip-agents", "--output", "json");

        Assert.Equal(1, outcome.Code);
        Assert.Equal(
            [$"{SyncFixture.Id(13)} True", $"{SyncFixture.Id(10)} True", $"{SyncFixture.Id(11)} True", $"{SyncFixture.Id(12)} True", "broken False"],
            outcome.Json.GetProperty("results")
                .EnumerateArray().Select(r => $"{r.GetProperty("invoiceId").GetString()} {r.GetProperty("success").GetBoolean()}"));
        Assert.DoesNotContain(
            await fixture.StoredAsync(), s => s.StartsWith("user", StringComparison.Ordinal) || s.StartsWith("agent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Force_is_heard()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await fixture.SyncAsync(10);
        await fixture.ExecuteAsync("update invoice set amount = 99, updated_at = now()");

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), "--force");

        Assert.Equal((0, "5"), (outcome.Code, await fixture.RowAsync("select trim_scale(amount)::text from invoice")));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n,, ;\t\r\n")]
    public async Task A_file_without_an_id_ends_with_2(string text)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var folder = fixture.Folder([("ids.txt", text)]);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", "--ids-file", Path.Combine(folder, "ids.txt"));

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("There is no id to sync", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Theory]
    [InlineData("--ids-file", "/nowhere/ids.txt")]
    [InlineData("--ids-file", "/tmp")]
    [InlineData("--output", "text")]
    [InlineData("--from", "2026-01-01")]
    public async Task Wrong_usage_ends_with_2_and_asks_nothing(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, ["sync", "invoice", .. words]);

        Assert.Equal(2, outcome.Code);
        Assert.NotEmpty(outcome.Error);
        Assert.DoesNotContain("   at ", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task On_a_screen_each_invoice_is_a_line_and_trouble_follows()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Bubble.Records.Delete("payment", SyncFixture.Id(21));

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10), SyncFixture.Id(77));

        Assert.Equal(1, outcome.Code);
        Assert.Matches($"{SyncFixture.Id(10)} +synced +1 +1 +2 +1 +1 +2 +1", outcome.Output);
        Assert.Matches($"{SyncFixture.Id(77)} +failed", outcome.Output);
        Assert.Contains($"warning: payment {SyncFixture.Id(21)}", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"error: Bubble has no invoice {SyncFixture.Id(77)}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("sync invoice partial", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_cannot_be_reached_ends_with_3_and_names_each_invoice()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(
            fixture, [("Bubble__BaseUrl", "http://127.0.0.1:9/api/1.1"), ("Bubble__MaxAttempts", "1")], "sync", "invoice", SyncFixture.Id(10),
            "--output", "json");

        Assert.Equal((3, false), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal(SyncFixture.Id(10), outcome.Json.GetProperty("results")[0].GetProperty("invoiceId").GetString());
    }

    private static string Severity(JsonElement result) => result.GetProperty("errors")[0].GetProperty("severity").GetString()!;

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
