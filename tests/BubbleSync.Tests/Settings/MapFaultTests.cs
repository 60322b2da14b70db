using BubbleSync.Etl;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>Maps that are wrong: everything wrong is said at once, with file, place and a hint.</summary>
public sealed class MapFaultTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Fields =
        """{ "column": "bubble_id", "type": "text", "from": "_id" }, { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" }""";

    [Fact]
    public void Faults_of_all_files_come_at_once()
    {
        using var folder = new ConfigFolder();
        folder.Write("a.json", "{ \"name\": \"a\",\n  \"table\" \"a\" }");
        folder.Write("b.json",
            $$"""{ "name": "b", "bubbleType": " ", "table": "same", "key": "bubble_id", "levl": 1, "absent": "clean", "fields": [ {{Fields}}, """
                + $$"""{ "colum": "x", "type": 5, "from": "x", "fallback": [1] }, 7 ] }""");
        folder.Write("c.json",
            $$"""{ "name": "b", "bubbleType": "c", "table": "same", "key": "bubble_id", "level": 101, "fields": [ {{Fields}}, """
                + $$"""{ "column": "bubble_id", "type": "text", "from": "x" } ] }""");
        folder.Write("d.json", "[]");
        folder.Write("e.json", """{ "name": "e" }""");
        folder.Write("f.json", $$"""{ "name": "Of [all]", "bubbleType": "f", "table": "f", "key": "bubble_id", "fields": [ {{Fields}} ] }""");

        var faults = folder.MapFaults().Select(f => f.Message).ToList();

        Assert.Collection(
            faults.Order(StringComparer.Ordinal),
            f => Assert.StartsWith("a.json: not valid JSON at line 2: ", f, StringComparison.Ordinal),
            f => Assert.Equal("b.json and c.json both say name 'b': names must differ.", f),
            f => Assert.Equal("b.json and c.json both write table 'same': one entity a table.", f),
            f => Assert.Equal("b.json: absent: there is no 'clean' here. Did you mean 'clear'?", f),
            f => Assert.Equal("b.json: bubbleType: a text that is not blank is expected here.", f),
            f => Assert.Equal("b.json: fields[2].colum: there is no setting 'colum' here. Did you mean 'column'?", f),
            f => Assert.Equal("b.json: fields[2].column: 'column' is missing.", f),
            f => Assert.Equal("b.json: fields[2].fallback: a text or a list of texts is expected here.", f),
            f => Assert.Equal("b.json: fields[2].type: a text that is not blank is expected here.", f),
            f => Assert.Equal("b.json: fields[3]: an object is expected here.", f),
            f => Assert.Equal("b.json: levl: there is no setting 'levl' here. Did you mean 'level'?", f),
            f => Assert.Equal("c.json: column 'bubble_id' is written by 2 fields: give one field several names in 'from' and 'fallback'.", f),
            f => Assert.Equal("c.json: level: a whole number from 0 to 100 is expected here.", f),
            f => Assert.Equal("d.json: an object is expected.", f),
            f => Assert.Equal("e.json: bubbleType: 'bubbleType' is missing.", f),
            f => Assert.Equal("e.json: fields: a list with at least one object is expected here.", f),
            f => Assert.Equal("e.json: key: 'key' is missing.", f),
            f => Assert.Equal("e.json: table: 'table' is missing.", f),
            f => Assert.Equal("f.json: name: 'Of [all]' is no name for an entity: small letters, digits and underscores, a letter first.", f));
    }

    [Fact]
    public void A_folder_that_is_not_there_or_empty_is_named()
    {
        using var folder = new ConfigFolder();

        var faults = folder.MapFaults();

        Assert.Equal($"The folder '{folder.Place}' holds no *.json file: there is nothing to sync.", Assert.Single(faults).Message);
    }

    [Fact]
    public async Task Faults_of_all_entities_against_their_tables_come_at_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMaps(
            ("agent.json", map => map.Replace("\"from\": [\"_id\", \"unique id\"]", "\"from\": \"id\"", StringComparison.Ordinal)),
            ("customer.json", map => map.Replace("\"type\": \"timestamptz\"", "\"type\": \"timestamp\"", StringComparison.Ordinal)),
            ("payment.json", map => map.Replace("\"column\": \"remark\"", "\"column\": \"remarks\"", StringComparison.Ordinal)),
            ("invoice_item.json", map => map.Replace("\"column\": \"description\"", "\"column\": \"_read\"", StringComparison.Ordinal)),
            ("user.json", map => map.Replace("\"table\": \"user\"", "\"table\": \"users\"", StringComparison.Ordinal)));

        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync());

        Assert.True(refused.IsUsage);
        Assert.Collection(
            refused.Errors.Select(e => $"{Word.Of(e.Code)} {e.Field}: {e.Message}").Order(StringComparer.Ordinal),
            f => Assert.StartsWith("column-missing _read: ", f, StringComparison.Ordinal),
            f => Assert.StartsWith("column-missing remarks: Table 'payment' has no column 'remarks', which payment.json maps from 'Remark'. Add it: alter "
                + "table \"public\".\"payment\" add column \"remarks\" text;", f, StringComparison.Ordinal),
            f => Assert.StartsWith("settings _read: invoice_item.json: fields: column '_read': staging has a column of this name", f, StringComparison.Ordinal),
            f => Assert.StartsWith("settings bubble_id: agent.json: fields: column 'bubble_id' must be read from '_id'", f, StringComparison.Ordinal),
            f => Assert.Equal(
                "settings created_date: customer.json: fields: column 'created_date': there is no type 'timestamp'. Did you mean 'timestamptz'?", f),
            f => Assert.Equal(
                "settings modified_date: customer.json: fields: column 'modified_date': there is no type 'timestamp'. Did you mean 'timestamptz'?", f),
            f => Assert.StartsWith(
                "table-missing : There is no table 'users' in schema 'public'. Apply the schema, which creates", f, StringComparison.Ordinal));
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_relation_to_no_entity_is_a_warning_with_a_hint()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("agent", map => map.Replace("\"relation\": \"user\"", "\"relation\": \"users\"", StringComparison.Ordinal));

        var report = await fixture.ResyncAsync("agent");

        Assert.Contains("agent.json: column 'linked_user_login': relation 'users' is no entity here, so its links are stored but not checked. Did you "
            + "mean 'user'?", report.Warnings);
    }
}
