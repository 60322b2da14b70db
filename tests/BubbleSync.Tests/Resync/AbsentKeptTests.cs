using System.Text.Json;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Values kept here though Bubble no longer sends them: each run and <c>verify</c> count them, <c>--strict</c> calls them differences.</summary>
public sealed class AbsentKeptTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_run_and_a_comparison_count_them_and_only_a_strict_one_calls_them_differences()
    {
        await using var fixture = await EmptiedAsync();

        var run = await fixture.ResyncAsync("agent");
        var plain = await VerifyAsync(fixture, isStrict: false, "agent");
        var strict = await VerifyAsync(fixture, isStrict: true, "agent");

        Assert.Equal((RunStatus.Succeeded, 2L, 0L), (run.Status, run.Entities[0].AbsentKept, run.Entities[0].AbsentKeptLinks));
        Assert.Contains("agent: values kept here that Bubble no longer sends: 2; a strict comparison of agent names them.", run.Warnings);
        Assert.All([run.NextActions, plain.NextActions], a => Assert.Equal(["agent"], Assert.Single(a, n => n.Kind == NextActionKind.VerifyStrictly).Entities));
        Assert.DoesNotContain(strict.NextActions, n => n.Kind == NextActionKind.VerifyStrictly);
        Assert.Equal("2|0", await fixture.RowAsync($"select absent_kept, absent_kept_links from bubblesync.run_entity where run_id = '{run.RunId}'"));
        Assert.Equal((true, 2L, 3L, 0L), (plain.Success, plain.Entities[0].AbsentKept, plain.Entities[0].Equal, plain.Entities[0].Differs));
        Assert.Contains("agent: values kept here that Bubble no longer sends: 2; a strict comparison names them.", plain.Warnings);
        var found = strict.Entities[0];
        Assert.Equal((false, 2L, 2L, 1L, 1L), (strict.Success, found.AbsentKept, found.Equal, found.Differs, found.AbsentKeptOnly));
        Assert.Equal(
            [
                new("agent", SyncFixture.Id(1), DifferenceVerdict.AbsentKept, "Commission", "commission"),
                new VerifiedDifference("agent", SyncFixture.Id(1), DifferenceVerdict.AbsentKept, "Name", "name"),
            ],
            strict.Differences);
    }

    [Fact]
    public async Task A_link_counts_unless_a_patch_completes_its_column()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Customer\": \"{SyncFixture.Id(5)}\", \"Linked Payment\": "
            + $"[\"{SyncFixture.Id(6)}\"]"));
        await fixture.ResyncAsync("invoice");
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Late, "\"Amount\": 1"));

        var run = await fixture.ResyncAsync("invoice");
        var strict = await VerifyAsync(fixture, isStrict: true, "invoice");

        Assert.Equal((1L, 1L), (run.Entities[0].AbsentKept, run.Entities[0].AbsentKeptLinks));
        Assert.Equal([
            new VerifiedDifference("invoice", SyncFixture.Id(1), DifferenceVerdict.AbsentKept, "Linked Customer", "linked_customer"),
        ], strict.Differences);
    }

    [Fact]
    public async Task The_program_says_it_with_its_exit_code()
    {
        await using var fixture = await EmptiedAsync();
        await fixture.ResyncAsync("agent");

        var plain = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--output", "json");
        var strict = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--strict");

        Assert.Equal((0, 2), (plain.Code, plain.Json.GetProperty("entities")[0].GetProperty("absentKept").GetInt32()));
        Assert.Equal(1, strict.Code);
        Assert.Contains($"absent-kept: agent {SyncFixture.Id(1)}: 'Name' in name", strict.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--force", strict.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_are_counted_where_nothing_is_written_too()
    {
        await using var fixture = await EmptiedAsync();
        await fixture.ResyncAsync("agent");
        var before = await fixture.SnapshotAsync();

        var again = await fixture.ResyncAsync("agent");
        var part = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.None });

        Assert.Equal((2L, 2L), (again.Entities[0].AbsentKept, part.Entities[0].AbsentKept));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task An_incremental_run_and_a_sync_of_invoices_count_those_of_the_records_they_read()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Amount\": 5"));
        await fixture.ResyncAsync();
        fixture.Put("invoice", SyncFixture.Record(1, "2999-01-01T00:00:00.000Z"));

        var incremental = await fixture.IncrementalAsync("invoice");
        var single = await fixture.SyncAsync(1);

        // Amount feeds two columns.
        Assert.Equal(2, incremental.Entities[0].AbsentKept);
        Assert.Equal(2, single.Run.Entities.Single(e => e.Name == "invoice").AbsentKept);
    }

    [Fact]
    public async Task A_null_a_default_and_a_value_that_was_never_here_are_not_kept_values()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("submit_payment", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": null"));

        var run = await fixture.ResyncAsync();
        var strict = await VerifyAsync(fixture, isStrict: true);

        Assert.Equal("pending|0", await fixture.RowAsync("select (select status from submitted_payment), (select total_amount::text from invoice)"));
        Assert.All(run.Entities, e => Assert.Equal((0L, 0L), (e.AbsentKept, e.AbsentKeptLinks)));
        Assert.True(strict.Success, strict.ToJson());
    }

    [Fact]
    public async Task Links_are_counted_apart_and_are_never_differences()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("seda_registration", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(1)}\"]"));
        await fixture.ResyncAsync();

        var run = await fixture.ResyncAsync();
        var strict = await VerifyAsync(fixture, isStrict: true);

        var (counted, verified) = (run.Entities.Single(e => e.Name == "invoice"), strict.Entities.Single(e => e.Name == "invoice"));
        Assert.Equal((0L, 1L, 0L, 1L), (counted.AbsentKept, counted.AbsentKeptLinks, verified.AbsentKept, verified.AbsentKeptLinks));
        Assert.True(strict.Success, strict.ToJson());
        Assert.DoesNotContain(run.Warnings, w => w.Contains("no longer sends", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_column_of_a_wide_table_is_counted_and_those_of_rejected_records_are_not()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var fields = Maps.Of("invoice").Fields;
        var plain = fields.Where(f => !f.TryGetProperty("relation", out _)).ToDictionary(f => Word(f, "column"), f => Word(f, "type"));
        string[] sent = ["bubble_id", "created_date", "modified_date"];
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));
        await fixture.ResyncAsync("invoice");
        var filled = plain.Keys.Except(sent).ToList();
        await fixture.ExecuteAsync($"update invoice set {string.Join(", ", filled.Select(c => $"\"{c}\" = {Sample(plain[c])}"))}");
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, "\"Amount\": \"much\""));

        var run = await fixture.ResyncAsync("invoice");
        var strict = await VerifyAsync(fixture, isStrict: true, "invoice");

        Assert.InRange(fields.Count, 64, int.MaxValue);
        var named = strict.Differences.Where(d => d.Verdict == DifferenceVerdict.AbsentKept).Select(d => d.Column);
        Assert.Equal(filled.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        Assert.Equal(filled.Count, run.Entities[0].AbsentKept);
    }

    [Fact]
    public async Task Of_generated_data_no_value_is_kept_that_Bubble_does_not_send()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60 });
        await fixture.ResyncAsync();

        var run = await fixture.ResyncAsync();
        var strict = await VerifyAsync(fixture, isStrict: true);

        Assert.All(run.Entities, e => Assert.Equal(0, e.AbsentKept));
        Assert.True(strict.Success, strict.ToJson());
    }

    private static string Word(JsonElement field, string name) => field.GetProperty(name).GetString()!;

    private static string Sample(string type) => type switch
    {
        "text" or "url" => "'x'",
        "numeric" or "integer" => "7",
        "text[]" or "url[]" => "array['x']",
        "jsonb" => "'{\"a\": 1}'",
        "boolean" => "false",
        _ => "now()",
    };

    // 1 had a name and a commission, which Bubble no longer sends; 2 never had them; 3 still has them.
    private async Task<SyncFixture> EmptiedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": 5"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"Bob\", \"Commission\": 6"));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late));
        return fixture;
    }

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture, bool isStrict, params string[] entities) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = entities, Strict = isStrict }, null, fixture.Limit);
}
