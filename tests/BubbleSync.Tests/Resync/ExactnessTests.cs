using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

public sealed class ExactnessTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Every_field_of_every_record_is_stored_exactly_and_nothing_else_is()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 120 })).WithPatches();

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        foreach (var map in Maps.All)
            await CompareAsync(fixture, map, report);
    }

    [Fact]
    public async Task Counts_add_up_to_what_Bubble_has()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 40, Faults = ["bad-records=5"] });
        await fixture.ResyncAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync();

        Assert.Equal(Maps.All.Select(m => m.Name).Order(), report.Entities.Select(e => e.Name).Order());
        Assert.Equal(report.Entities.OrderBy(e => e.Level).Select(e => e.Name), report.Entities.Select(e => e.Name));
        Assert.All(report.Entities, e =>
        {
            Assert.Equal(e.Extracted, e.Inserted + e.Updated + e.Unchanged + e.Conflicts + e.Rejected);
            Assert.Equal(fixture.Bubble.Records.Count(Maps.Of(e.Name).Type), e.Extracted);
            Assert.Equal((e.Extracted, e.Extracted), (e.Expected!.Value, e.Staged));
            Assert.Equal(Maps.Of(e.Name).Level, e.Level);
            Assert.Equal(e.Name == "agent" ? 1 : 0, e.Inserted);
            Assert.Equal(3, e.Rejected);
        });
    }

    private static async Task CompareAsync(SyncFixture fixture, Map map, RunReport report)
    {
        var stored = (await fixture.RowsAsync($"select to_jsonb(t)::text from \"{map.Table}\" t"))
            .Select(text => JsonNode.Parse(text)!.AsObject())
            .ToDictionary(row => row[map.Key]!.GetValue<string>());
        var defaults = await DefaultsAsync(fixture, map);
        var records = fixture.Bubble.Records.All(map.Type).Select(text => JsonDocument.Parse(text).RootElement).ToList();

        Assert.Equal(records.Count, stored.Count);
        foreach (var record in records)
        {
            var row = stored[record.GetProperty("_id").GetString()!];
            var expected = ExpectedState.Of(map, record);
            Assert.InRange(Moment(row["last_synced_at"])!.Value, report.StartedAt.AddSeconds(-1), report.FinishedAt.AddSeconds(1));
            expected["created_at"] = record.GetProperty("Created Date").GetString();
            expected["updated_at"] = record.GetProperty("Modified Date").GetString();
            foreach (var (column, value) in row.Where(cell => cell.Key is not ("id" or "last_synced_at")))
                Assert.True(Same(expected.GetValueOrDefault(column) ?? defaults[column], value), $"{map.Name} {row[map.Key]} {column}: {value} stored "
                    + $"for {record}");
            Assert.Empty(expected.Keys.Except(row.Select(cell => cell.Key)));
        }
    }

    // What PostgreSQL itself puts into a row of which only the key is given.
    private static async Task<JsonObject> DefaultsAsync(SyncFixture fixture, Map map)
    {
        var row = await fixture.RowAsync($"insert into \"{map.Table}\" (\"{map.Key}\") values ('local') returning to_jsonb(\"{map.Table}\")::text");
        await fixture.ExecuteAsync($"delete from \"{map.Table}\" where \"{map.Key}\" = 'local'");
        return JsonNode.Parse(row)!.AsObject();
    }

    private static bool Same(JsonNode? expected, JsonNode? stored) =>
        expected?.ToJsonString() == stored?.ToJsonString() || (Moment(expected) is { } one && Moment(stored) is { } other && one == other);

    private static DateTimeOffset? Moment(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is [_, _, _, _, '-', ..] text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) ? moment : null;
}
