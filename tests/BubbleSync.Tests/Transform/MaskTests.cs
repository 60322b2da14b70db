using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Settings;
using Xunit;

namespace BubbleSync.Tests.Transform;

/// <summary>A masked value reaches neither tables nor reports, and its mask behaves like any other value.</summary>
public sealed class MaskTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Secret = "hush";
    private const string Open = "\"authentication\": { \"email\" : { \"email\": \"hush@example.com\" }, \"x\": 1.50 }, \"Contact\": \"01-hush\\u0021\", "
        + "\"Tags\": [\"hush\", null, \"b\"], \"Secret\": { \"a\": \"hush\" }, \"Whatsapp\": \"hush too\", \"Other\": \"kept\"";

    private const string Masks = """
        { "column": "tags", "type": "text[]", "from": "Tags", "mask": "hash" }, { "column": "secret", "type": "jsonb", "from": "Secret", "mask": "drop" },
        { "column": "phone_end", "type": "text", "from": ["Contact", "Mobile"], "mask": "last4" },
        """;

    private static readonly string Row = $"{Hash("01-hush!")}|****ush!|****.com|{{{Hash(Secret)},{Hash("b")}}}|~|{{\"Other\": \"kept\"}}";

    [Fact]
    public async Task A_masked_value_is_in_no_table_and_no_report_and_is_masked_once()
    {
        await using var fixture = await OpenAsync();
        await fixture.ExecuteAsync("alter table thing add constraint no_13 check (qty <> 13)");
        fixture.PutThing(1, $"{Open}, \"QTY\": 1");
        fixture.PutThing(2, $"{Open}, \"QTY\": \"abc\"");
        fixture.PutThing(3, $"{Open}, \"QTY\": 13");

        var run = await fixture.ResyncAsync("thing");
        var again = await fixture.ForceAsync("thing");
        var verified = await fixture.VerifyThingAsync();
        var csv = Path.Combine(fixture.Folder([]), "values.csv");
        var audit = await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["thing"], CsvFile = csv }, null, fixture.Limit);

        Assert.Equal((1L, 2L), (run.Entities[0].Inserted, run.Entities[0].Rejected));
        Assert.Equal(Row, await fixture.RowAsync("select phone, phone_end, email, tags, secret, other_fields from thing"));
        Assert.Equal((0L, 1L), (again.Entities[0].Updated, again.Entities[0].Unchanged));
        Assert.Equal((1L, 0L), (verified.Entities[0].Equal, verified.Entities[0].Differs));
        var values = await File.ReadAllTextAsync(csv, fixture.Limit);
        Assert.Contains($",Contact,phone,{Hash("01-hush!")},{Hash("01-hush!")},{Hash("01-hush!")},same", values, StringComparison.Ordinal);
        var raw = await fixture.RowsAsync("select distinct raw from bubblesync.rejected_record where bubble_id is not null");
        Assert.Equal(2, raw.Count(r => r.Contains("1.50", StringComparison.Ordinal)
            && r.Contains("{\"$masked\":{\"last4\":\"****ush!\",\"hash\":\"", StringComparison.Ordinal)));
        List<string> all = [run.ToJson(), verified.ToJson(), audit.ToJson(), values, .. await EverythingAsync(fixture)];
        Assert.DoesNotContain(all, text => text.Contains(Secret, StringComparison.Ordinal));

        await fixture.ExecuteAsync("alter table thing drop constraint no_13; alter table thing alter qty type text");
        // What was kept under one mask has no form for another: the records stay rejected instead of losing the value.
        fixture.WithMaps(("thing.json", _ => Map().Replace("\"mask\": \"hash\"", "\"mask\": \"last4\"", StringComparison.Ordinal)
            .Replace("\"type\": \"integer\"", "\"type\": \"text\"", StringComparison.Ordinal)));
        var other = await fixture.Engine().ReprocessAsync($"{again.RunId}", false, fixture.Limit);
        Assert.Equal((0L, 2L), (other.Entities[0].Inserted, other.Entities[0].Rejected));
        Assert.Contains(other.Errors, e => e.Message.Contains("a resync reads it again", StringComparison.Ordinal));

        // The records are mapped again as they were kept, with what their masks hide still hidden.
        fixture.WithMaps(("thing.json", _ => Map().Replace("\"type\": \"integer\"", "\"type\": \"text\"", StringComparison.Ordinal)));
        var reprocessed = await fixture.Engine().ReprocessAsync($"{other.RunId}", false, fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, 2L), (reprocessed.Status, reprocessed.Entities[0].Inserted));
        Assert.Equal([Row, Row, Row], await fixture.RowsAsync("select phone, phone_end, email, tags, secret, other_fields from thing"));
    }

    [Fact]
    public async Task What_was_stored_before_the_mask_goes_with_a_forced_resync()
    {
        await using var fixture = await OpenAsync();
        fixture.WithMaps(("thing.json", _ => UnmappedThing.Map()));
        fixture.PutThing(1, Open);
        await fixture.ResyncAsync("thing");
        fixture.WithMaps(("thing.json", _ => Map()));
        fixture.Settings = fixture.Settings with { Privacy = new PrivacySettings { HashKey = "a key" } };

        var verified = await fixture.VerifyThingAsync();
        var file = Path.Combine(fixture.Folder([]), "values.csv");
        await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Entities = ["thing"], CsvFile = file }, null, fixture.Limit);
        Assert.Contains("(masked)", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        var run = await fixture.ForceAsync("thing");

        Assert.Equal((1L, 1L), (verified.Entities[0].Differs, run.Entities[0].Updated));
        Assert.DoesNotContain(await EverythingAsync(fixture), text => text.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(
            Convert.ToHexStringLower(HMACSHA256.HashData("a key"u8, "01-hush!"u8)), await fixture.ScalarAsync<string>("select phone from thing"));
    }

    [Theory]
    [InlineData("1234567", "****")]
    [InlineData(" 12345678 ", "****5678")]
    [InlineData("abcd😀efg", "****😀efg")]
    public void The_last_characters_of_a_short_text_are_hidden_too(string text, string masked) =>
        Assert.Equal(masked, new FieldMask(MaskKind.Last4, null).Of(text));

    [Fact]
    public void A_mask_that_hides_nothing_or_breaks_a_sync_is_a_fault()
    {
        using var folder = new ConfigFolder();
        folder.Write("a.json", """
            { "name": "a", "bubbleType": "a", "table": "a", "key": "bubble_id", "fields": [
              { "column": "bubble_id", "type": "text", "from": "_id", "mask": "hash" },
              { "column": "modified_date", "type": "timestamptz", "from": "Modified Date", "mask": "drop" },
              { "column": "user", "type": "text", "from": "User", "relation": "user", "mask": "hash" },
              { "column": "qty", "type": "integer", "from": "QTY", "mask": "last4" },
              { "column": "phone", "type": "text", "from": "Contact", "mask": "hash" }, { "column": "mobile", "type": "text", "from": ["M", "Contact"] },
              { "column": "email", "type": "text", "from": "auth", "path": "email", "mask": "hash" }, { "column": "auth", "type": "jsonb", "from": "auth" },
              { "column": "part", "type": "text", "from": "auth2", "path": "a.b", "mask": "hash" },
              { "column": "other", "type": "text", "from": "auth2", "path": "a.c" } ] }
            """);

        var faults = MapCheck.Faults(EntityMapReader.Read(folder.Place).Single());

        Assert.Equal(
            [
                "bubble_id: every sync needs this value", "modified_date: every sync needs this value", "user: a masked id names no record any more",
                "qty: a mask is text, so the type must be text or text[], not integer; or drop the value.",
                "phone: column 'mobile' reads the same field without a mask", "email: column 'auth' reads the same field without a mask",
            ],
            faults.Select(f => $"{f.Field}: {f.Message.Split(": mask: ")[1].Split(". ")[0]}"));
    }

    private async Task<SyncFixture> OpenAsync()
    {
        var fixture = await UnmappedThing.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table thing add tags text[], add secret jsonb, add phone_end varchar(8)");
        return fixture.WithMaps(("thing.json", _ => Map()));
    }

    private static string Map() => UnmappedThing.Map()
        .Replace("\"fallback\": \"Whatsapp\"", "\"fallback\": \"Whatsapp\", \"mask\": \"hash\"", StringComparison.Ordinal)
        .Replace("\"path\": \"email.email\"", "\"path\": \"email.email\", \"mask\": \"last4\"", StringComparison.Ordinal)
        .Replace("\"fields\": [", $"\"fields\": [ {Masks}", StringComparison.Ordinal);

    // Every row of every table of ours, those of staging included.
    private static async Task<List<string>> EverythingAsync(SyncFixture fixture)
    {
        var rows = new List<string>();
        foreach (var table in await fixture.RowsAsync("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^(pg_|information)'"))
            rows.AddRange(await fixture.RowsAsync($"select t::text from {table} t"));
        return rows;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
