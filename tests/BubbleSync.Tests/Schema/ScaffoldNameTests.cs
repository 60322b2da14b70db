using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Schema.ScaffoldedApp;

namespace BubbleSync.Tests.Schema;

/// <summary><c>scaffold</c> makes a column of each field, whatever it is called.</summary>
public sealed class ScaffoldNameTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string TwoOfOneName = """
        { "get": ["thing"], "types": { "thing": { "display": "thing", "fields": [
          { "id": "status_text", "display": "Status", "type": "text" }, { "id": "status1_text", "display": "Status", "type": "text" } ] } } }
        """;

    [Fact]
    public async Task Names_are_normalised_quoted_cut_and_numbered_and_every_value_arrives()
    {
        await using var fixture = await OpenAsync(postgres);
        var longName = new string('ä', 40);
        string[] names =
        [
            "user", "Order", "a b", "a-b", "A_B", "??", "!!", "id", "Created At", "created_at", "bubble id", "last synced at", "deleted in bubble at",
            "say \\\"it\\\"", "crab 🦀", longName + "1", longName + "2", "Größe %", "1st", "ends  ", "ctid", "XMin", "tableoid",
        ];
        fixture.Put("1st & \"Größte\" Type", SyncFixture.Record(
            1, SyncFixture.Early, string.Join(", ", names.Select((name, i) => $"\"{name}\": \"value {i}\""))));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["1st & \"Größte\" Type"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        var run = await fixture.ResyncAsync();

        var entity = Assert.Single(report.Entities);
        Assert.Equal(("t_1st_gr_te_type", names.Length + 4), (entity.Name, entity.Fields));
        Assert.Equal((RunStatus.Succeeded, 1), (run.Status, run.Entities[0].Inserted));
        var row = await fixture.RowAsync("select to_jsonb(t)::text from t_1st_gr_te_type t");
        Assert.All(names.Select((_, i) => $"\"value {i}\""), value => Assert.Contains(value, row, StringComparison.Ordinal));
        Assert.Equal("t", await fixture.RowAsync("select bool_and(octet_length(attname) <= 63)::text::char from pg_attribute where attrelid = "
            + "'t_1st_gr_te_type'::regclass and attnum > 0"));
    }

    [Fact]
    public async Task A_field_without_a_name_is_left_out()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\" \": 1, \"\": 2, \"a\": 3"));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.Contains("thing: records have a field without a name", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync()).Status);
        Assert.Equal("3", await fixture.RowAsync("select a from thing"));
    }

    [Fact]
    public async Task A_field_called_like_one_that_every_type_has_takes_nothing_from_it()
    {
        await using var fixture = await OpenAsync(postgres);
        foreach (var (name, kind) in new[] { ("modified date", "text"), ("created date", "text"), ("Modified Date", "date"), ("Created Date", "date") })
            fixture.Bubble.Records.Declare("thing", name, kind);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"modified date\": \"long ago\""));

        await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync()).Status);
        Assert.Equal("2026-03-01T08:00:00Z|long ago", await fixture.RowAsync("select modified_date, modified_date_2 from thing"));
    }

    [Fact]
    public async Task Two_fields_of_one_name_become_two_columns_by_their_ids_though_the_sample_lacks_one()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var between = await Sync.RecordingProxy.StartAsync(
            fixture, (path, _) => path == "meta" ? Sync.RecordingProxy.Say(200, TwoOfOneName) : null);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"status_text\": \"open\""));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Put("thing", SyncFixture.Record(2, SyncFixture.Early, "\"status_text\": \"shut\", \"status1_text\": \"late\""));
        await fixture.ResyncAsync();

        Assert.Empty(report.Warnings);
        Assert.Equal(["open|~", "shut|late"], await fixture.RowsAsync("select status_text, status1_text from thing order by bubble_id"));
    }

    [Fact]
    public async Task What_display_names_cannot_tell_apart_gets_a_column_of_its_own_and_is_said()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var between = await Sync.RecordingProxy.StartAsync(
            fixture, (path, _) => path == "meta" ? Sync.RecordingProxy.Say(200, TwoOfOneName) : null);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"Status\": \"open\""));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ResyncAsync();

        Assert.Contains("thing: 2 fields (status_text, status1_text) have the name 'Status'", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal("open|~|~", await fixture.RowAsync("select status, status_text, status1_text from thing"));
    }
}
