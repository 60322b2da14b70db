using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.2: a field lands in the column whose name it has, or is reported; all commands go by the same names.</summary>
public sealed class FieldNameTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Advice = "\"from\": [\"NAME\",\"Name\",\"name_text\"]";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_field_that_no_line_names_is_reported_and_written_nowhere(bool described)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, MetaTypes = described });
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Invoice Number\": \"N1\", \"Total Amount\": 500, \"1st Payment %\": 30"));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, "\"Invoice Number\": \"N2\", \"Total Amount (%)\": 7, \"1st Payment\": 12345"));

        var report = await fixture.ResyncAsync("invoice");
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["invoice"] }, null, fixture.Limit);
        var fields = await fixture.Engine().AuditFieldsAsync(["invoice"], null, fixture.Limit);
        var schema = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);

        Assert.Equal(["N1|500|30", "N2|0|~"], await fixture.RowsAsync("select invoice_number, total_amount, \"1st_payment\" from invoice order by bubble_id"));
        Assert.Single(report.Warnings, w => Names(w, "Total Amount (%)") && Names(w, "1st Payment"));
        Assert.True(verified.Success, verified.ToJson());
        Assert.Equal(["1st Payment", "Total Amount (%)"], fields.Rows.Where(r => r.Status == FieldStatus.Unmapped).Select(r => r.BubbleField));
        Assert.Subset(
            schema.Findings.Where(f => f is { Entity: "invoice", Finding: SchemaFindingKind.FieldUnmapped }).Select(f => f.BubbleField).ToHashSet(),
            new HashSet<string> { "Total Amount (%)", "1st Payment" });
    }

    [Fact]
    public async Task Names_without_letters_and_digits_are_not_taken_for_each_other()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", NamedBy("🔥"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"★\": \"x\", \"Contact\": \"1\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"🔥\": \"y\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(["~|1", "y|~"], await fixture.RowsAsync("select name, contact from agent order by bubble_id"));
        Assert.Single(report.Warnings, w => w.Contains("'★' (1)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_field_that_only_one_column_can_mean_is_read_by_all_commands_which_say_so(bool meta, bool swagger)
    {
        var app = new SimulatorOptions { Invoices = 0, MetaTypes = meta, Swagger = swagger };
        await using var fixture = (await SyncFixture.OpenAsync(postgres, app)).WithMap("agent", NamedBy("NAME"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, $"\"Linked Agent\": \"{SyncFixture.Id(1)}\""));

        var resync = await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, "2999-04-01T09:30:00.000Z", "\"Name\": \"Bob\""));
        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);
        Assert.Equal("Bob", await fixture.RowAsync("select name from agent"));
        await fixture.ExecuteAsync("delete from agent");
        var invoice = await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10)], new InvoiceSyncOptions(), null, fixture.Limit);
        Assert.Equal("Bob", await fixture.RowAsync("select name from agent"));
        var verify = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        var plan = await fixture.Engine().PlanAsync(["agent"], fixture.Limit);

        Assert.All(new[] { resync.Warnings, incremental.Warnings, invoice.Run.Warnings, verify.Run.Warnings, plan.Warnings }, w => Assert.Single(w, IsAdvice));
        Assert.True(verify.Success, verify.ToJson());
        Assert.DoesNotContain(resync.Warnings, w => w.Contains("no map names", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Audits_and_doctor_go_by_the_same_names_as_a_run()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", NamedBy("NAME"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");

        var fields = await fixture.Engine().AuditFieldsAsync(["agent"], null, fixture.Limit);
        var schema = await fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit);
        var values = await Bubblesync.RunAsync(fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "audit", "values", "--entity", "agent");
        var doctor = await fixture.Engine().ExamineAsync(fixture.Limit);

        var row = Assert.Single(fields.Rows, r => r.Column == "name");
        Assert.Equal(("NAME", FieldStatus.Mapped, 1L, 1L), (row.BubbleField, row.Status, row.Present, row.Stored));
        Assert.DoesNotContain(fields.Rows, r => r.Status == FieldStatus.Unmapped);
        var finding = Assert.Single(schema.Findings, f => f is { Entity: "agent", Column: "name" });
        Assert.Equal(("Name", SchemaFindingKind.FieldRenamed), (finding.BubbleField, finding.Finding));
        Assert.True(IsAdvice(finding.Message));
        Assert.True(values.Output.Contains($"agent,{SyncFixture.Id(1)},NAME,name,Ann,Ann,Ann,same", StringComparison.Ordinal), values.All);
        Assert.True(IsAdvice(Assert.Single(doctor.Checks, c => c is { Name: "field names", Status: CheckStatus.Ok }).Message));
    }

    [Theory]
    [InlineData(404, "", false)]
    [InlineData(403, "{}", true)]
    [InlineData(500, "sorry", true)]
    [InlineData(200, "<html>", true)]
    [InlineData(200, "[]", true)]
    [InlineData(200, "{\"get\": [\"agent\", 5], \"types\": {\"agent\": {\"fields\": [null, {\"display\": 7}]}}}", false)]
    [InlineData(200, "{\"get\": [\"\\ud800\"], \"types\": {\"\\ud800\": {}}}", true)]
    public async Task Without_a_description_names_are_exact_and_the_run_goes_on(int status, string body, bool isTold)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", NamedBy("NAME"));
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 2 } };
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Contact\": \"1\""));
        await using var between = await RecordingProxy.StartAsync(fixture, (path, _) => path == "meta" ? RecordingProxy.Say(status, body) : null);

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal("~|1", await fixture.RowAsync("select name, contact from agent"));
        Assert.Single(report.Warnings, w => w.Contains("no map names: 'Name' (1)", StringComparison.Ordinal));
        Assert.Equal(isTold, report.Warnings.Any(w => w.StartsWith("The app's description could not be read", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_field_that_another_line_reads_or_of_which_there_are_two_fills_no_other_column()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMaps(
            ("agent.json", map => NamedBy("NAME")(map).Replace("\"from\": \"Contact\"", "\"from\": [\"Contact\", \"Name\"]", StringComparison.Ordinal)),
            ("customer.json", map => map.Replace("\"from\": [\"Name\", \"name\"]", "\"from\": \"NAME\"", StringComparison.Ordinal)));
        fixture.Bubble.Records.Declare("Customer_Profile", "name?", "text");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        fixture.Put("Customer_Profile", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Ann\", \"name?\": \"Bob\""));

        var report = await fixture.ResyncAsync("agent", "customer");

        Assert.Equal("~|Ann", await fixture.RowAsync("select name, contact from agent"));
        Assert.Equal("~", await fixture.RowAsync("select name from customer"));
        Assert.Contains(report.Warnings, w => w.StartsWith("customer: fields", StringComparison.Ordinal) && Names(w, "Name") && Names(w, "name?"));
    }

    [Fact]
    public async Task A_run_that_is_refused_before_it_reads_asks_for_no_description()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent drop column banker");

        await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));

        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    private static bool IsAdvice(string text) => text.Contains("agent: column 'name' is read from Bubble's field 'Name'", StringComparison.Ordinal)
        && (text.Contains(Advice, StringComparison.Ordinal) || text.Contains("\"from\": [\"NAME\",\"Name\"]", StringComparison.Ordinal));

    private static bool Names(string warning, string field) => warning.Contains($"'{field}' (1)", StringComparison.Ordinal);

    private static Func<string, string> NamedBy(string name) => map => map.Replace("\"from\": \"Name\"", $"\"from\": \"{name}\"", StringComparison.Ordinal);
}
