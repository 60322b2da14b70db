using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>The column of unmapped fields, in every kind of run.</summary>
public sealed class UnmappedColumnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("jsonb")]
    [InlineData("json")]
    public async Task Every_field_that_no_line_reads_is_kept_exactly_and_a_second_run_writes_nothing(string type)
    {
        const string Others = """
            "Price": 12.50, "Big": 1e400, "Small": -0.000000000000000000000000001, "Long": 12345678901234567890.123456789012345678901234567890,
            "name": 1, "NAME": [null, " ", {"a": [[], {}]}], "Name": {"deep": {"deeper": {"deepest": [1.0, 2.10, true]}}},
            "Größe ✓ \"x\" \\": "日本 😀 \" \\ \n \u00e9 \ud83d\ude00", "Empty": "", "Null": null, "Yes": false, "'); drop table thing; --": "'"
            """;
        await using var fixture = await UnmappedThing.OpenAsync(postgres, column: type);
        fixture.PutThing(1, $"\"Contact\": \"12\", \"QTY\": 3, {Others}");

        var first = await fixture.ResyncAsync("thing");
        var before = await fixture.RowsAsync("select xmin::text, ctid::text from thing");
        var (second, forced) = (await fixture.ResyncAsync("thing"), await fixture.ForceAsync("thing"));
        var verified = await fixture.VerifyThingAsync();

        Assert.Equal((RunStatus.Succeeded, 1L), (first.Status, first.Entities[0].Inserted));
        Assert.DoesNotContain(first.Warnings, w => w.Contains("no map names", StringComparison.Ordinal));
        // As text, so that 12.50 is not 12.5.
        Assert.Equal(
            "true|true", await fixture.RowAsync($"select other_fields::jsonb::text = '{{{Others.Replace("'", "''", StringComparison.Ordinal)}}}'::jsonb::text, "
                + "other_fields ->> 'Price' = '12.50' from thing"));
        Assert.Equal("12|3|~", await fixture.RowAsync("select phone, qty, email from thing"));
        Assert.Equal((1L, 1L), (second.Entities[0].Unchanged, forced.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.RowsAsync("select xmin::text, ctid::text from thing"));
        Assert.True(verified.Success);
    }

    [Fact]
    public async Task A_field_that_is_emptied_in_Bubble_vanishes_and_the_column_with_the_last_of_them()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 5))
            fixture.PutThing(number, "\"Contact\": \"12\", \"A\": 1, \"B\": 2");
        await fixture.ResyncAsync("thing");
        foreach (var number in Enumerable.Range(1, 5))
            fixture.PutThing(number, $"\"Contact\": \"12\"{(number == 1 ? ", \"B\": 2" : "")}", SyncFixture.Late);

        var report = await fixture.ResyncAsync("thing");
        var verified = await fixture.VerifyThingAsync();

        Assert.Equal((RunStatus.Succeeded, 5L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].AbsentKept));
        Assert.Equal(["{\"B\": 2}", "~", "~", "~", "~"], await fixture.RowsAsync(UnmappedThing.Kept));
        Assert.True(verified.Success);
    }

    [Fact]
    public async Task Two_names_of_one_line_and_a_part_of_an_object_lose_no_value()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, "\"Contact\": \"1\", \"Mobile\": \"2\", \"Whatsapp\": \"3\"");
        fixture.PutThing(2, "\"Contact\": \" \", \"Mobile\": null, \"Whatsapp\": \"3\"");
        fixture.PutThing(3, "\"Mobile\": \"2\", \"Whatsapp\": \" \"");
        fixture.PutThing(4, "\"authentication\": {\"email\": {\"email\": \"a@b\", \"email_confirmed\": true}, \"google\": {}}");

        await fixture.ResyncAsync("thing");

        Assert.Equal(["1|~", "3|~", "2|~", "~|a@b"], await fixture.RowsAsync("select phone, email from thing order by bubble_id"));
        Assert.Equal(
            [
                "{\"Mobile\": \"2\", \"Whatsapp\": \"3\"}", "~", "~",
                "{\"authentication\": {\"email\": {\"email\": \"a@b\", \"email_confirmed\": true}, \"google\": {}}}",
            ],
            await fixture.RowsAsync(UnmappedThing.Kept));
    }

    [Fact]
    public async Task An_ignored_field_is_neither_kept_nor_reported_and_without_a_column_only_the_others_are_reported()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres, "\"ignore\": [\"Slug\", \"Noise\"],");
        fixture.PutThing(1, "\"QTY\": 1, \"Slug\": \"s\", \"Noise\": [1], \"noise\": 2");
        var kept = await fixture.ResyncAsync("thing");
        var objects = await fixture.RowsAsync(UnmappedThing.Kept);
        fixture.WithMap("thing", map => UnmappedThing.Map("\"ignore\": \"Noise\",").Replace("\"unmapped\": \"other_fields\",", "", StringComparison.Ordinal));

        var reported = await fixture.ResyncAsync("thing");

        Assert.Equal(["{\"noise\": 2}"], objects);
        Assert.DoesNotContain(kept.Warnings, w => w.Contains("no map names", StringComparison.Ordinal));
        Assert.Single(reported.Warnings, w => w.EndsWith("no map names: 'Slug' (1), 'noise' (1).", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_counts_it_and_writes_nothing()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, "\"A\": 1");
        await fixture.ResyncAsync("thing");
        fixture.PutThing(1, "\"A\": 2", SyncFixture.Late);
        fixture.PutThing(2, "\"A\": 3");

        var dry = await fixture.ResyncAsync(new ResyncOptions { Entities = ["thing"], DryRun = true });

        Assert.Equal((1L, 1L), (dry.Entities[0].Inserted, dry.Entities[0].Updated));
        Assert.Equal(["{\"A\": 1}"], await fixture.RowsAsync(UnmappedThing.Kept));
    }

    [Fact]
    public async Task A_comparison_names_the_column_where_the_object_differs()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.PutThing(number, number == 3 ? "" : "\"A\": 1");
        await fixture.ResyncAsync("thing");
        await fixture.ExecuteAsync($$"""update thing set other_fields = '{"A": 2}' where bubble_id <> '{{SyncFixture.Id(1)}}'""");

        var report = await fixture.VerifyThingAsync();

        Assert.Equal(
            [$"{SyncFixture.Id(2)}|(unmapped)|other_fields|Differs", $"{SyncFixture.Id(3)}|(unmapped)|other_fields|Differs"],
            report.Differences.Select(d => $"{d.BubbleId}|{d.BubbleField}|{d.Column}|{d.Verdict}"));
    }

    [Fact]
    public async Task A_number_that_no_jsonb_holds_rejects_its_record_and_names_the_field()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, "\"A\": 1, \"Huge\": {\"x\": [1e999999]}");
        fixture.PutThing(2, "\"A\": 1");

        var report = await fixture.ResyncAsync("thing");
        var compared = await fixture.VerifyThingAsync();

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(
            "(unmapped)|'Huge' holds a number that does not fit jsonb",
            await fixture.RowAsync("select distinct field, reason from bubblesync.rejected_record"));
        var difference = Assert.Single(compared.Differences);
        Assert.Equal((DifferenceVerdict.Rejected, "other_fields"), (difference.Verdict, difference.Column));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_record_keeps_its_unmapped_fields_even_where_it_is_rebuilt_from_its_columns(bool isGone)
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table thing add constraint positive check (qty > 0)");
        fixture.PutThing(1, "\"QTY\": -1, \"A\": 12.50, \"authentication\": {\"email\": {\"email\": \"a@b\"}, \"b\": 1}");
        fixture.PutThing(2, "\"QTY\": -2");
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (isGone && request.Kind == RequestKind.List && request.Constraints.Contains("_id", StringComparison.Ordinal))
                fixture.Bubble.Records.Delete("thing", SyncFixture.Id(1));
            return Task.CompletedTask;
        };

        await fixture.ResyncAsync("thing");
        var kept = await fixture.RowAsync(
            "select raw::jsonb ->> 'A', raw::jsonb -> 'authentication' ->> 'b', is_rebuilt from bubblesync.rejected_record where bubble_id like '%1'");
        await fixture.ExecuteAsync("alter table thing drop constraint positive");
        fixture.Bubble.Traffic.OnRequest = null;
        await fixture.Engine().ReprocessAsync("last", force: false, fixture.Limit);

        Assert.Equal($"12.50|1|{(isGone ? "true" : "false")}", kept);
        Assert.Equal(
            isGone ? ["~"] : ["{\"A\": 12.50, \"authentication\": {\"b\": 1, \"email\": {\"email\": \"a@b\"}}}", "~"],
            await fixture.RowsAsync(UnmappedThing.Kept));
    }

    [Fact]
    public async Task What_cannot_be_stored_in_a_text_is_changed_with_a_warning()
    {
        await using var fixture = await UnmappedThing.OpenAsync(postgres);
        fixture.PutThing(1, """ "A\u0000b": "x\u0000y", "Broken": ["\ud800"] """);

        var report = await fixture.ResyncAsync("thing");

        Assert.Equal(["{\"Ab\": \"xy\", \"Broken\": [\"\uFFFD\"]}"], await fixture.RowsAsync(UnmappedThing.Kept));
        Assert.Contains(report.Warnings, w => w.Contains("U+0000", StringComparison.Ordinal) && w.Contains("'(unmapped)'", StringComparison.Ordinal));
        Assert.Contains(report.Warnings, w => w.Contains("U+FFFD", StringComparison.Ordinal) && w.Contains("'(unmapped)'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sync_of_an_invoice_keeps_them_for_the_invoice_and_what_belongs_to_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        static string Keep(string map) => map.Replace("\"fields\": [", "\"unmapped\": \"other_fields\", \"fields\": [", StringComparison.Ordinal);
        fixture.WithMaps(("invoice.json", Keep), ("agent.json", Keep));
        await fixture.ExecuteAsync("alter table invoice add column other_fields jsonb; alter table agent add column other_fields jsonb");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"A\", \"Shoe Size\": 42.0"));
        fixture.Put("invoice", SyncFixture.Record(
            10, SyncFixture.Early, $"\"Amount\": 5, \"Total Amount\": 6, \"New!\": [1], {Invoices.Link("Linked Agent", 1)}"));

        var report = await fixture.SyncAsync(10);
        var again = await fixture.SyncAsync(10);

        Assert.True(report.Success);
        Assert.Equal("{\"New!\": [1]}|6|5", await fixture.RowAsync("select other_fields, total_amount, amount from invoice"));
        Assert.Equal("{\"Shoe Size\": 42.0}", await fixture.RowAsync("select other_fields from agent"));
        Assert.Equal("skip", again.Results[0].Words());
    }
}
