using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>Where <c>audit schema</c> learns the fields of an app, and which columns it leaves to the application.</summary>
public sealed class SchemaAuditFieldTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_column_of_the_application_is_never_taken_for_a_field_that_has_its_name()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var line = Assert.Single((await AuditAsync(fixture)).Findings, f => f is { Entity: "agent", BubbleField: "Created By" });

        Assert.Equal("created_by_2", line.Column);
        Assert.Contains("add column \"created_by_2\" text", line.Ddl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_that_a_missing_table_gets_from_its_script_are_the_applications_too()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.WithMaps();

        var first = await AuditAsync(fixture, new SchemaAuditOptions { Apply = true });
        var second = await AuditAsync(fixture, new SchemaAuditOptions { Apply = true, WriteMaps = true });

        Assert.Equal("created_by_2", Assert.Single(first.Findings, f => f is { Entity: "agent", BubbleField: "Created By" }).Column);
        Assert.Equal((8, 0), (first.Findings.Count(f => f.Finding == SchemaFindingKind.TableMissing), second.Applied));
        Assert.DoesNotContain(
            "\"created_by\"", await File.ReadAllTextAsync(Path.Combine(fixture.Settings.Run.Entities, "agent.json")), StringComparison.Ordinal);
        Assert.DoesNotContain((await AuditAsync(fixture)).Findings, f => f.Ddl is not null || f.Finding == SchemaFindingKind.FieldUnmapped);
    }

    [Fact]
    public async Task Where_a_missing_table_may_not_be_made_no_column_is_proposed_for_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        var role = $"reader_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} login password 'p'");
        fixture.Settings = fixture.Settings with
        {
            Postgres = fixture.Settings.Postgres with
            {
                ConnectionString = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" }.ConnectionString,
            },
        };

        var report = await AuditAsync(fixture);

        var finding = Assert.Single(report.Findings, f => f is { Entity: "agent", BubbleField: "Created By" });
        Assert.Equal(("", null), (finding.Column, finding.Ddl));
        Assert.Contains("once the table is there", finding.Message, StringComparison.Ordinal);
        Assert.Contains(report.NextActions, a => a.Kind == NextActionKind.ApplySchema);
    }

    [Fact]
    public async Task Records_that_carry_database_ids_instead_of_names_are_noticed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50, Faults = ["id-keys"] });

        var finding = Assert.Single((await AuditAsync(fixture)).Findings, f => f is { Entity: "payment", Column: "payment_method_v2" });

        Assert.Equal(SchemaFindingKind.FieldRenamed, finding.Finding);
        Assert.Contains("'payment_method_v2_text'", finding.Message, StringComparison.Ordinal);
        Assert.Contains("Display fields instead of id", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false, SchemaSource.Meta)]
    [InlineData(false, true, SchemaSource.Swagger)]
    [InlineData(false, false, SchemaSource.Sample)]
    public async Task Fields_come_from_meta_else_from_swagger_else_from_records(bool meta, bool swagger, SchemaSource source)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 300, MetaTypes = meta, Swagger = swagger });

        var report = await AuditAsync(fixture);

        Assert.Equal(source, report.Source);
        Assert.Contains(
            report.Findings, f => f is { Entity: "payment", BubbleField: "actual received", Type: "number", Finding: SchemaFindingKind.FieldUnmapped });
        Assert.DoesNotContain(report.Findings, f => f.Finding is SchemaFindingKind.FieldGone or SchemaFindingKind.TypeMisfit or SchemaFindingKind.FieldRenamed);
    }

    [Theory]
    [InlineData(403, "<html>blocked</html>")]
    [InlineData(200, "<html>Just a moment...</html>")]
    [InlineData(302, "")]
    public async Task A_description_that_is_hidden_or_somebody_elses_is_looked_for_in_swagger(int status, string body)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Swagger = true });
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1 } };
        await using var between = await Sync.RecordingProxy.StartAsync(fixture, (path, _) => path == "meta" ? Sync.RecordingProxy.Say(status, body) : null);

        Assert.Equal(SchemaSource.Swagger, (await AuditAsync(fixture)).Source);
        var report = await fixture.ResyncAsync("agent");
        Assert.DoesNotContain(report.Warnings, w => w.Contains("description", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"Status\": \"open\"", 1)]
    [InlineData("\"Contact\": \"1\"", 1)]
    [InlineData("\"status_text\": \"open\"", 0)]
    public async Task Two_fields_of_one_name_are_proposed_by_their_ids_whatever_the_sample_has(string sample, int shared)
    {
        const string Meta = """
            { "get": ["agent"], "types": { "agent": { "display": "agent", "fields": [
              { "id": "status_text", "display": "Status", "type": "text" }, { "id": "status1_text", "display": "Status", "type": "text" } ] } } }
            """;
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("agent", map => map.Replace("\"from\": \"Name\"", "\"from\": \"Status\"", StringComparison.Ordinal));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, sample));
        await using var between = await Sync.RecordingProxy.StartAsync(fixture, (path, _) => path == "meta" ? Sync.RecordingProxy.Say(200, Meta) : null);

        var findings = (await AuditAsync(fixture)).Findings.Where(f => f.Entity == "agent").ToList();

        var proposed = findings.Where(f => f.Finding == SchemaFindingKind.FieldUnmapped && f.BubbleField.StartsWith("status", StringComparison.Ordinal));
        Assert.Equal(["status1_text", "status_text"], proposed.Select(f => f.Column));
        Assert.Equal(shared, findings.Count(f => f is { Finding: SchemaFindingKind.NameShared, BubbleField: "Status", Column: "name" }));
        Assert.Equal(1 - shared, findings.Count(f => f is { Finding: SchemaFindingKind.FieldGone, Column: "name" }));
    }

    [Fact]
    public async Task A_misspelt_name_asks_for_the_one_that_was_meant_and_proposes_no_second_column()
    {
        const string Meta = """
            { "get": ["agent"], "types": { "agent": { "display": "agent", "fields": [
              { "id": "name_text", "display": "Name", "type": "text" }, { "id": "noise_text", "display": "Noise", "type": "text" } ] } } }
            """;
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("agent", map => map.Replace("\"from\": \"Name\"", "\"from\": \"Namme\"", StringComparison.Ordinal)
            .Replace("\"fields\":", "\"ignore\": [\"Noisse\"], \"fields\":", StringComparison.Ordinal));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await using var between = await Sync.RecordingProxy.StartAsync(fixture, (path, _) => path == "meta" ? Sync.RecordingProxy.Say(200, Meta) : null);

        var findings = (await AuditAsync(fixture)).Findings.Where(f => f.Entity == "agent").ToList();

        var gone = findings.Where(f => f.Finding == SchemaFindingKind.FieldGone).ToDictionary(f => f.BubbleField, f => f.Message);
        Assert.Contains("Did you mean 'Name'?", gone["Namme"], StringComparison.Ordinal);
        Assert.Contains("which \"ignore\" of agent.json names. Did you mean 'Noise'?", gone["Noisse"], StringComparison.Ordinal);
        var unmapped = findings.Where(f => f.Finding == SchemaFindingKind.FieldUnmapped).ToDictionary(f => f.BubbleField);
        Assert.Equal(("", null), (unmapped["Name"].Column, unmapped["Name"].Ddl));
        Assert.Equal("noise", unmapped["Noise"].Column);
    }

    private static Task<SchemaAuditReport> AuditAsync(SyncFixture fixture, SchemaAuditOptions? options = null) =>
        fixture.Engine().AuditSchemaAsync(options ?? new SchemaAuditOptions(), fixture.Limit);
}
