using System.Text.RegularExpressions;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>audit schema</c> names exactly the gaps between Bubble, maps and tables, and closes them by additions.</summary>
public sealed class SchemaAuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Each_planted_gap_is_named_and_no_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["types-not-exposed=user"] });
        var before = (await AuditAsync(fixture)).Findings;

        fixture.WithMaps(
            ("customer.json", map => map.Replace("\"Name\"", "\"Naem\"", StringComparison.Ordinal)),
            ("payment.json", map => map.Replace("\"column\": \"payment_date\", \"type\": \"timestamptz\"", "\"column\": \"payment_date\", "
                + "\"type\": \"numeric\"", StringComparison.Ordinal)));
        fixture.Bubble.Records.Declare("Spare Part", "Weight", "number");
        fixture.Bubble.Records.Declare("agent", "Shoe Size", "number");
        await fixture.ExecuteAsync("alter table agent drop column banker; alter table invoice_item alter qty type integer; drop index payment_bubble_id_key; "
            + "drop table submitted_payment; alter table payment drop payment_date; alter table payment add payment_date numeric");
        var after = (await AuditAsync(fixture)).Findings;

        Assert.Equal(
            [
                "agent|agent|Shoe Size|shoe_size|field-unmapped", "agent|agent|banker|banker|column-missing", "customer|Customer_Profile|Naem|name|field-gone",
                "customer|Customer_Profile|Name||field-unmapped", "invoice_item|invoice_item|QTY|qty|column-misfit",
                "payment|payment|Payment Date|payment_date|type-misfit",
                "payment|payment|_id|bubble_id|index-missing", "submitted_payment|submit_payment|||table-missing", "|sparepart|||type-unmapped",
            ],
            after.Select(Text).Except(before.Select(Text)).Order(StringComparer.Ordinal));
        Assert.Contains("user|user|||type-gone", before.Select(Text));
        Assert.Empty(before.Select(Text).Except(after.Select(Text)));
    }

    [Fact]
    public async Task The_additions_are_made_at_once_and_leave_nothing_to_add()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Banker\": \"Maybank\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync(
            "alter table agent drop column banker; drop index agent_bubble_id_key; drop table payment; alter table invoice_item alter qty type integer");

        var applied = await AuditAsync(fixture, new SchemaAuditOptions { Apply = true });
        var left = await AuditAsync(fixture);

        Assert.True(applied.Applied >= 3);
        Assert.Equal("Ann|~", await fixture.RowAsync("select name, banker from agent"));
        Assert.Equal("bubble_id", await fixture.RowAsync("select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = "
            + "i.indkey[0] where i.indrelid = 'agent'::regclass and i.indisunique and not i.indisprimary"));
        Assert.Equal([SchemaFindingKind.ColumnMisfit], left.Findings.Select(f => f.Finding).Where(f => f != SchemaFindingKind.FieldUnmapped).Distinct());
        Assert.All(left.Findings.Where(f => f.Finding == SchemaFindingKind.FieldUnmapped), f => Assert.Null(f.Ddl));
        Assert.Equal("integer", await fixture.ScalarAsync<string>("select data_type from information_schema.columns where table_name = 'invoice_item' and "
            + "column_name = 'qty'"));
    }

    [Fact]
    public async Task The_script_does_the_same_by_hand()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent drop column banker; drop index agent_bubble_id_key; drop table payment");
        fixture.WithMap("payment", map => map.Replace("  \"fields\": [", "  \"fields\": [\n    { \"column\": \"gained\", \"type\": \"text[]\", \"from\": "
            + "[\"Gained\"] },", StringComparison.Ordinal));
        fixture.Bubble.Records.Declare("agent", "Line\nbreak '; drop table agent; --", "text");
        fixture.Bubble.Records.Declare("payment", "Gained", "list.text");

        await fixture.ExecuteAsync((await AuditAsync(fixture)).Ddl);

        Assert.DoesNotContain((await AuditAsync(fixture)).Findings, f => f.Finding != SchemaFindingKind.FieldUnmapped || f.Ddl is not null);
        Assert.Equal("text", await fixture.ScalarAsync<string>("select data_type from information_schema.columns where table_name = 'agent' and column_name = "
            + "'line_break_drop_table_agent'"));
        Assert.Equal("ARRAY", await fixture.ScalarAsync<string>("select data_type from information_schema.columns where table_name = 'payment' and "
            + "column_name = 'gained'"));
    }

    [Fact]
    public async Task Where_one_addition_fails_none_is_made()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent drop column banker; drop index agent_bubble_id_key; insert into agent (bubble_id) values "
            + $"('{SyncFixture.Id(1)}'), ('{SyncFixture.Id(1)}')");

        var failure = await Assert.ThrowsAsync<SyncException>(() => AuditAsync(fixture, new SchemaAuditOptions { Apply = true }));

        Assert.Contains($"{SyncFixture.Id(1)} (2 rows)", failure.Message, StringComparison.Ordinal);
        Assert.Contains((await AuditAsync(fixture)).Findings, f => f is { Entity: "agent", Finding: SchemaFindingKind.ColumnMissing, Column: "banker" });
    }

    [Theory]
    [InlineData(" }, // the last, [of them]\n  ]")]
    [InlineData(" } /* the\n last ] */\n  ]")]
    [InlineData(" }]")]
    [InlineData(" }\n  ,\n  ]")]
    [InlineData(" }\r\n  ]")]
    public async Task Lines_are_added_to_the_maps_and_nothing_else_in_them_changes(string end)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("payment", map => map.Replace("  \"fields\": [", "  // money that came in\n  "
            + "\"fields\": [", StringComparison.Ordinal).Replace("\"Payment Index\"", "[\"Payment Index\", \"No \\\"1\\\"\"]", StringComparison.Ordinal)
                .Replace(" }\n  ]", end, StringComparison.Ordinal));
        var file = Path.Combine(fixture.Settings.Run.Entities, "payment.json");
        var before = await File.ReadAllTextAsync(file);
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, "\"actual received\": 12.50, \"Linked Package\": \"x\", \"A \\\"quoted\\\" "
            + "name\": [1, 2]"));

        var report = await AuditAsync(fixture, new SchemaAuditOptions { Apply = true, WriteMaps = true });
        await fixture.ResyncAsync("payment");

        var after = await File.ReadAllTextAsync(file);
        Assert.Contains(file, report.WrittenMaps);
        Assert.Contains("{ \"column\": \"actual_received\", \"type\": \"numeric\", \"from\": [\"actual received\", \"actual_received_number\"], \"note\": "
            + "\"proposed by 'audit schema': review\" }", after, StringComparison.Ordinal);
        Assert.Equal(before.Replace(",", "", StringComparison.Ordinal), Regex.Replace(after, """\n    \{[^\n]*: review" \}""", "")
            .Replace(",", "", StringComparison.Ordinal));
        Assert.Equal("12.50|{1,2}", await fixture.RowAsync("select actual_received, a_quoted_name from payment"));
        Assert.DoesNotContain((await AuditAsync(fixture)).Findings, f => f.Finding == SchemaFindingKind.FieldUnmapped);
    }

    [Fact]
    public async Task A_link_too_short_for_ids_is_named_here_and_by_the_doctor_and_the_run_warns_and_loads_the_rest()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table payment alter linked_invoice type varchar(20), alter bubble_id type varchar(255)");
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(9)}\""));
        fixture.Put("payment", SyncFixture.Record(2, SyncFixture.Early));

        var finding = Assert.Single((await AuditAsync(fixture)).Findings, f => f.Finding == SchemaFindingKind.ColumnMisfit);
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        var run = await fixture.ResyncAsync("payment");

        const string What = "Column 'linked_invoice' of table 'payment' is character varying(20), but Bubble's ids have 32 characters";
        Assert.Equal(("payment", "linked_invoice"), (finding.Entity, finding.Column));
        Assert.Contains(
            What, Assert.Single(examined.Checks, c => c is { Name: "table payment", Status: CheckStatus.Failed }).Message, StringComparison.Ordinal);
        Assert.Contains(run.Warnings, w => w.StartsWith($"payment: {What}", StringComparison.Ordinal) && w.EndsWith(finding.Ddl!, StringComparison.Ordinal));
        Assert.Equal((RunStatus.Partial, 1L, 1L), (run.Status, run.Entities[0].Inserted, run.Entities[0].Rejected));
        await fixture.ExecuteAsync(finding.Ddl!);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("payment")).Status);
    }

    [Fact]
    public async Task A_key_too_short_for_ids_stops_a_run_before_it_asks_Bubble()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table payment alter bubble_id type varchar(20)");
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early));

        var finding = Assert.Single((await AuditAsync(fixture)).Findings, f => f.Finding == SchemaFindingKind.ColumnMisfit);
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        var before = fixture.Bubble.Traffic.Requests;
        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("payment"));

        Assert.Equal(before, fixture.Bubble.Traffic.Requests);
        Assert.Contains("every record would be rejected", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(stopped.Message, Assert.Single(examined.Checks, c => c is { Name: "table payment", Status: CheckStatus.Failed }).Message);
        await fixture.ExecuteAsync(finding.Ddl!);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("payment")).Status);
    }

    [Fact]
    public async Task What_fills_new_columns_is_told()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var settings = Path.Combine(fixture.Folder([("own.json", "{}")]), "own.json");
        foreach (var folder in new[] { "entities", "schema", "patches" })
            Copy(Path.Combine(Repository.Root, "config", folder), Path.Combine(Path.GetDirectoryName(settings)!, folder));

        var outcome = await Bubblesync.RunAsync(fixture, "audit", "schema", "--apply", "--write-maps", "--config", settings);
        var again = await Bubblesync.RunAsync(fixture, "audit", "schema", "--apply", "--write-maps", "--config", settings);

        Assert.Contains("lines added, marked for review: "
            + $"{Path.Combine(Path.GetDirectoryName(settings)!, "entities", "agent.json")}", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nnext: bubblesync resync --backfill --entity agent .*--config \S+   # fills the new columns", outcome.Output);
        Assert.Contains("0 findings. There was nothing to add.", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_prints_it_as_text_CSV_JSON_and_SQL()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table customer drop column linked_agent");
        var folder = fixture.Folder([]);
        var (csv, ddl) = (Path.Combine(folder, "gaps.csv"), Path.Combine(folder, "gaps.sql"));

        var text = await Bubblesync.RunAsync(fixture, "audit", "schema", "--csv", csv, "--ddl", ddl);
        var json = await Bubblesync.RunAsync(fixture, "audit", "schema", "--output", "json");
        var astray = await Bubblesync.RunAsync(fixture, "audit", "schema", "--csv", Path.Combine(folder, "new", "gaps.csv"));

        Assert.Equal((2, false), (astray.Code, Directory.Exists(Path.Combine(folder, "new"))));
        Assert.Contains("There is no folder '", astray.Error, StringComparison.Ordinal);
        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.Contains("column-missing: customer: Table 'customer' has no column 'linked_agent'", text.Output, StringComparison.Ordinal);
        Assert.Equal("entity,bubble_type,bubble_field,column,type,finding,message,ddl", File.ReadLines(csv).First());
        Assert.Single(
            File.ReadLines(csv), line => line.StartsWith("customer,Customer_Profile,Linked Agent,linked_agent,,column-missing,", StringComparison.Ordinal));
        Assert.Contains("alter table \"public\".\"customer\" add column \"linked_agent\" text;", await File.ReadAllTextAsync(ddl), StringComparison.Ordinal);
        Assert.Equal("meta", json.Json.GetProperty("source").GetString());
        Assert.Contains(json.Json.GetProperty("findings").EnumerateArray(), f => f.GetProperty("finding").GetString() == "column-missing");
    }

    private static Task<SchemaAuditReport> AuditAsync(SyncFixture fixture, SchemaAuditOptions? options = null) =>
        fixture.Engine().AuditSchemaAsync(options ?? new SchemaAuditOptions(), fixture.Limit);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static string Text(SchemaFinding f) => $"{f.Entity}|{f.BubbleType}|{f.BubbleField}|{f.Column}|{Word.Of(f.Finding)}";
}
