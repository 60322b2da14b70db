using System.Text.Json;
using BubbleSync.Cli.Output;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>What comes from outside cannot steer a terminal; JSON and CSV have it exactly.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class VisibleTextTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // Sets a window's title, clears the screen, moves up, turns the direction of reading; one-byte forms too.
    private const string Hostile = "\u001b]0;owned\u0007\u001b[2J\u001b[1A\r\u009b31m\u202etxt.exe\u2066\u007f";

    [Theory]
    [InlineData("plain, é, 漢字, 😀, [brackets]\tand\r\nlines\n", "plain, é, 漢字, 😀, [brackets]\tand\r\nlines\n")]
    [InlineData("\u001b[31mred\u001b[0m", "\\u001B[31mred\\u001B[0m")]
    [InlineData("a\rb\u0000\u0008\u007f\u0085\u009b", "a\\u000Db\\u0000\\u0008\\u007F\\u0085\\u009B")]
    [InlineData("\u200e\u200f\u061c\u202a\u202e\u2066\u2069\u2028\u2029", "\\u200E\\u200F\\u061C\\u202A\\u202E\\u2066\\u2069\\u2028\\u2029")]
    public void Only_what_a_terminal_would_obey_is_replaced(string text, string visible) => Assert.Equal(visible, VisibleText.Of(text));

    [Fact]
    public void Every_way_to_write_is_covered()
    {
        using var plain = new StringWriter();
        using var writer = VisibleText.Over(plain);

        writer.Write('\u001b');
        writer.Write("\u001b");
        writer.Write("x\u001b".ToCharArray(), 1, 1);
        writer.Write("\u001b".AsSpan());
        writer.WriteLine("\u001b");
        writer.WriteLine("\u001b".AsSpan());
        writer.Write("{0}", "\u001b");

        Assert.DoesNotContain('\u001b', plain.ToString());
        Assert.Equal(7, plain.ToString().Split("\\u001B").Length - 1);
    }

    [Fact]
    public async Task Names_ids_and_values_of_records_reach_no_terminal_raw()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var json = JsonSerializer.Serialize(Hostile);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"{json}: 1, \"Commission\": {json}"));
        var record = SyncFixture.Record(2, SyncFixture.Early, $"\"Name\": {json}, \"Linked Customer\": {json}");
        fixture.Put("agent", record.Replace(SyncFixture.Id(2), $"x{json.Trim('"')}", StringComparison.Ordinal));
        var csv = Path.Combine(fixture.Folder([]), "rejected.csv");

        List<Outcome> told =
        [
            await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent"),
            await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--log", "text", "--verbose"),
            await Bubblesync.RunAsync(fixture, "runs", "rejected", "last"),
            await Bubblesync.RunAsync(fixture, "runs", "log", "last"),
            await Bubblesync.RunAsync(fixture, "audit", "fields", "--entity", "agent"),
            await Bubblesync.RunAsync(fixture, "runs", "rejected", "last", "--csv", csv),
        ];
        var exact = await Bubblesync.RunAsync(fixture, "audit", "fields", "--entity", "agent", "--output", "json");

        Assert.All(told, outcome => Assert.Equal(outcome.All, VisibleText.Of(outcome.All)));
        Assert.Contains(told, outcome => outcome.All.Contains("\\u001B]0;owned\\u0007", StringComparison.Ordinal));
        Assert.Contains(Hostile, exact.Json.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("bubbleField").GetString()));
        var raw = await fixture.ScalarAsync<string>("select raw from bubblesync.rejected_record where field = 'Commission' limit 1");
        Assert.Contains("owned", raw, StringComparison.Ordinal);
        Assert.Contains(raw!.Replace("\"", "\"\"", StringComparison.Ordinal), await File.ReadAllTextAsync(csv, fixture.Limit), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resync")]
    [InlineData("doctor")]
    public async Task The_body_of_an_error_reaches_no_terminal_raw(string verb)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var body = $$$"""{"body":{"message":{{{JsonSerializer.Serialize(Hostile)}}}}}""";
        await using var between = await RecordingProxy.StartAsync(fixture, (_, _) => RecordingProxy.Say(400, body));

        var text = await Bubblesync.RunAsync(fixture, [("Bubble__BaseUrl", $"{fixture.Settings.Bubble.BaseUrl}")], verb);
        var json = await Bubblesync.RunAsync(fixture, [("Bubble__BaseUrl", $"{fixture.Settings.Bubble.BaseUrl}")], verb, "--output", "json");

        Assert.Equal(text.All, VisibleText.Of(text.All));
        Assert.Contains("\\u001B]0;owned\\u0007", text.All, StringComparison.Ordinal);
        Assert.Contains("\u001b]0;owned\u0007", Messages(json.Json), StringComparison.Ordinal);
    }

    private static string Messages(JsonElement report)
    {
        var told = report.TryGetProperty("errors", out var errors) ? errors : report.GetProperty("checks");
        return string.Join('\n', told.EnumerateArray().Select(e => e.GetProperty("message").GetString()));
    }
}
