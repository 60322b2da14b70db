using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Schema.ScaffoldedApp;

namespace BubbleSync.Tests.Schema;

/// <summary><c>scaffold</c>: an app that no file knows is mirrored, whatever its types and fields are called.</summary>
public sealed class ScaffoldTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_app_that_no_file_knows_is_mirrored_in_three_commands()
    {
        await using var fixture = await OpenAsync(postgres, new SimulatorOptions { Invoices = 200 });
        var environment = new[] { ("CONFIG", Path.Combine(Path.GetDirectoryName(fixture.Settings.Run.Entities)!, "bubblesync.json")) };
        await File.WriteAllTextAsync(environment[0].Item2, "{}");

        var scaffolded = await Bubblesync.RunAsync(fixture, environment, "scaffold", "--all");
        var tables = await Bubblesync.RunAsync(fixture, environment, "schema", "apply");
        var resync = await Bubblesync.RunAsync(fixture, environment, "resync");
        var verified = await Bubblesync.RunAsync(fixture, environment, "verify");

        Assert.True((scaffolded.Code, tables.Code, resync.Code, verified.Code) == (0, 0, 0, 0), scaffolded.All + tables.All + resync.All + verified.All);
        Assert.Contains("customer_profile", scaffolded.Output, StringComparison.Ordinal);
        foreach (var type in fixture.Bubble.Records.Types)
            Assert.Equal(fixture.Bubble.Records.Count(type), await fixture.ScalarAsync<long>($"select count(*) from \"{type}\""));
        Assert.DoesNotContain(
            (await fixture.Engine().AuditFieldsAsync([], null, fixture.Limit)).Rows, r => r.Status is FieldStatus.Unmapped or FieldStatus.ColumnMissing);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("constraints-ignored", 0)]
    public async Task A_field_whose_ids_are_mostly_of_another_type_is_named(string fault, int warnings)
    {
        await using var fixture = await OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = fault.Length > 0 ? [fault] : [] });
        fixture.Bubble.Records.Declare("order", "Payments", "list.custom.payment");
        fixture.Bubble.Records.Declare("order", "Agent", "custom.agent");
        fixture.Put("agent", SyncFixture.Record(5, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(6, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(7, SyncFixture.Early));
        foreach (var number in Enumerable.Range(10, 4))
            fixture.Put("order", SyncFixture.Record(number, SyncFixture.Early, $"\"Payments\": [\"{SyncFixture.Id(number == 10 ? 6 : number + 100)}\"], "
                + $"\"Agent\": \"{SyncFixture.Id(5)}\""));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { All = true, DryRun = true }, fixture.Limit);

        Assert.Equal(warnings, report.Warnings.Count(w => w.Contains("of 4 ids looked at, 1 are of 'payment'", StringComparison.Ordinal)));
        Assert.DoesNotContain(report.Warnings, w => w.Contains("column 'agent'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_type_whose_name_has_a_line_break_writes_no_statement()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("thing\ndrop schema bubblesync cascade; --", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing\ndrop schema bubblesync cascade; --"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.DoesNotContain(File.ReadLines(Assert.Single(report.Entities).TableFile), l => l.StartsWith("drop", StringComparison.Ordinal));
        Assert.True(await fixture.ScalarAsync<bool>("select to_regclass('bubblesync.run') is not null"));
    }

    [Fact]
    public async Task Each_kind_of_field_becomes_the_type_that_holds_it()
    {
        await using var fixture = await OpenAsync(postgres);
        (string Kind, string Value, string Type, string Stored)[] kinds =
        [
            ("text", "\"x\"", "text", "x"), ("number", "1.50", "numeric", "1.50"), ("boolean", "true", "boolean", "true"),
            ("date", "\"2026-01-02T03:04:05.678Z\"", "timestamp with time zone", "2026-01-02T03:04:05.678Z"),
            ("image", "\"//s3/x.png\"", "text", "https://s3/x.png"), ("list.file", "[\"//s3/y.pdf\"]", "text[]", "{https://s3/y.pdf}"),
            ("list.text", "[\"a\", \"b\"]", "text[]", "{a,b}"), ("list.number", "[1, 2.0]", "text[]", "{1,2.0}"),
            ("geographic_address", "{\"lat\": 3.10}", "jsonb", "{\"lat\": 3.10}"), ("list.geographic_address", "[{\"lat\": 1}]", "jsonb", "[{\"lat\": 1}]"),
            ("date_range", "[1, 2]", "jsonb", "[1, 2]"), ("dateinterval", "86400000", "numeric", "86400000"),
            ("option.colour", "\"Red\"", "text", "Red"), ("api.stripe.charge", "{\"a\": 1}", "jsonb", "{\"a\": 1}"),
            ("custom.thing", $"\"{SyncFixture.Id(1)}\"", "text", SyncFixture.Id(1)), ("something.new", "\"?\"", "text", "?"),
        ];
        foreach (var (kind, _, _, _) in kinds)
            fixture.Bubble.Records.Declare("thing", $"Of {kind}", kind);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, string.Join(", ", kinds.Select(k => $"\"Of {k.Kind}\": {k.Value}"))));

        await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        var run = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(kinds.Select(k => k.Type), (await fixture.RowsAsync("select format_type(atttypid, null) from pg_attribute where attrelid = "
            + "'thing'::regclass and attname like 'of\\_%' order by attnum")));
        Assert.Equal(string.Join('|', kinds.Select(k => k.Stored)), await fixture.RowAsync(
            $"select {string.Join(", ", kinds.Select(k => $"\"of_{k.Kind.Replace('.', '_')}\""))} from thing"));
    }

    [Fact]
    public async Task A_field_that_the_app_gains_later_is_kept_unmapped()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Bubble.Records.Declare("thing", "Other Fields", "text");
        await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Put("thing", SyncFixture.Record(1, SyncFixture.Early, "\"Other Fields\": \"x\", \"New!\": 12.50"));

        var run = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal("x|{\"New!\": 12.50}", await fixture.RowAsync("select other_fields_2, other_fields from thing"));
        Assert.Contains(
            "\n  \"unmapped\": \"other_fields\",\n  \"fields\": [", await File.ReadAllTextAsync(Path.Combine(fixture.Settings.Run.Entities, "thing.json")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Levels_follow_the_links_and_circles_are_told()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Bubble.Records.Declare("shop", "Owner", "user");
        fixture.Bubble.Records.Declare("shop", "Orders", "list.custom.order");
        fixture.Bubble.Records.Declare("order", "Shop", "custom.shop");
        fixture.Bubble.Records.Declare("order", "Replaces", "custom.order");
        fixture.Bubble.Records.Declare("line", "Order", "custom.order");
        fixture.Bubble.Records.Declare("line", "Article", "custom.article");

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["shop", "order", "line", "user"] }, fixture.Limit);

        Assert.Equal(["line 3", "order 2", "shop 1", "user 0"], report.Entities.Select(e => $"{e.Name} {e.Level}").Order(StringComparer.Ordinal));
        Assert.StartsWith("shop: column 'orders' closes a circle "
            + "with 'order'", Assert.Single(report.Warnings, w => w.StartsWith("shop", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_is_left_alone_and_a_dry_run_writes_nothing()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Bubble.Records.Declare("thing", "Name", "text");
        fixture.Bubble.Records.Declare("Th ing!", "Name", "text");
        Directory.CreateDirectory(fixture.Settings.Run.Schema);
        var script = Path.Combine(fixture.Settings.Run.Schema, "thing.sql");
        await File.WriteAllTextAsync(script, "-- mine");

        var dry = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing"], DryRun = true }, fixture.Limit);
        Assert.False(Directory.Exists(fixture.Settings.Run.Entities));
        var wet = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["thing", "th ing!", "THING"] }, fixture.Limit);

        Assert.Equal(dry.Entities[0].Name, wet.Entities[^1].Name);
        Assert.Equal(["th_ing", "thing_2"], wet.Entities.Select(e => e.Name));
        Assert.Equal("-- mine", await File.ReadAllTextAsync(script));
        Assert.Equal(["th_ing.json", "thing_2.json"], Directory.GetFiles(fixture.Settings.Run.Entities).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("agnt", "Did you mean 'agent'?")]
    [InlineData("invoice", "invoice.json names type 'invoice' already")]
    public async Task A_type_that_cannot_be_meant_is_refused(string type, string why)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);

        var outcome = await Bubblesync.RunAsync(fixture, "scaffold", "--type", type);

        Assert.Equal(2, outcome.Code);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_app_tells_no_types_they_must_be_named_and_records_tell_the_fields()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 100, MetaTypes = false }, fixture.Limit);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = new Uri(bubble.BaseUrl + "/") } };

        var report = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["payment"] }, fixture.Limit);

        Assert.Equal((SchemaSource.Sample, "payment"), (report.Source, Assert.Single(report.Entities).Name));
        var map = await File.ReadAllTextAsync(report.Entities[0].MapFile);
        Assert.Contains("{ \"column\": \"amount\", \"type\": \"numeric\", \"from\": \"Amount\" }", map, StringComparison.Ordinal);
        Assert.Contains("{ \"column\": \"attachment\", \"type\": \"url[]\", \"from\": \"Attachment\" }", map, StringComparison.Ordinal);
        Assert.Contains("{ \"column\": \"payment_date\", \"type\": \"timestamptz\", \"from\": \"Payment Date\" }", map, StringComparison.Ordinal);
    }
}
