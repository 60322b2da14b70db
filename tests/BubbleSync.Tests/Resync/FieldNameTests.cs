using BubbleSync.Etl;
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
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, MetaTypes = described });
        scene.Put("invoice", Scene.Record(1, Scene.Early, "\"Invoice Number\": \"N1\", \"Total Amount\": 500, \"1st Payment %\": 30"));
        scene.Put("invoice", Scene.Record(2, Scene.Early, "\"Invoice Number\": \"N2\", \"Total Amount (%)\": 7, \"1st Payment\": 12345"));

        var report = await scene.ResyncAsync("invoice");
        var verified = await scene.Engine().VerifyAsync(new VerifyOptions { Entities = ["invoice"] }, null, scene.Limit);
        var fields = await scene.Engine().AuditFieldsAsync(["invoice"], null, scene.Limit);
        var schema = await scene.Engine().AuditSchemaAsync(new SchemaAuditOptions(), scene.Limit);

        Assert.Equal(["N1|500|30", "N2|0|~"], await scene.RowsAsync("select invoice_number, total_amount, \"1st_payment\" from invoice order by bubble_id"));
        Assert.Single(report.Warnings, w => Names(w, "Total Amount (%)") && Names(w, "1st Payment"));
        Assert.True(verified.Success, verified.ToJson());
        Assert.Equal(["1st Payment", "Total Amount (%)"], fields.Rows.Where(r => r.Status == "unmapped").Select(r => r.BubbleField));
        Assert.Subset(
            schema.Findings.Where(f => f is { Entity: "invoice", Finding: "field-unmapped" }).Select(f => f.BubbleField).ToHashSet(),
            new HashSet<string> { "Total Amount (%)", "1st Payment" });
    }

    [Fact]
    public async Task Names_without_letters_and_digits_are_not_taken_for_each_other()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithMap("agent", NamedBy("🔥"));
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"★\": \"x\", \"Contact\": \"1\""));
        scene.Put("agent", Scene.Record(2, Scene.Early, "\"🔥\": \"y\""));

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(["~|1", "y|~"], await scene.RowsAsync("select name, contact from agent order by bubble_id"));
        Assert.Single(report.Warnings, w => w.Contains("'★' (1)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_field_that_only_one_column_can_mean_is_read_by_all_commands_which_say_so(bool meta, bool swagger)
    {
        var app = new SimulatorOptions { Invoices = 0, MetaTypes = meta, Swagger = swagger };
        await using var scene = (await Scene.OpenAsync(postgres, app)).WithMap("agent", NamedBy("NAME"));
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\""));
        scene.Put("invoice", Scene.Record(10, Scene.Early, $"\"Linked Agent\": \"{Scene.Id(1)}\""));

        var resync = await scene.ResyncAsync("agent");
        scene.Put("agent", Scene.Record(1, "2999-04-01T09:30:00.000Z", "\"Name\": \"Bob\""));
        var incremental = await scene.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, scene.Limit);
        Assert.Equal("Bob", await scene.RowAsync("select name from agent"));
        await scene.ExecuteAsync("delete from agent");
        var invoice = await scene.Engine().SyncInvoicesAsync([Scene.Id(10)], new InvoiceSyncOptions(), null, scene.Limit);
        Assert.Equal("Bob", await scene.RowAsync("select name from agent"));
        var verify = await scene.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, scene.Limit);
        var plan = await scene.Engine().PlanAsync(["agent"], scene.Limit);

        Assert.All(new[] { resync.Warnings, incremental.Warnings, invoice.Run.Warnings, verify.Run.Warnings, plan.Warnings }, w => Assert.Single(w, IsAdvice));
        Assert.True(verify.Success, verify.ToJson());
        Assert.DoesNotContain(resync.Warnings, w => w.Contains("no map names", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Audits_and_doctor_go_by_the_same_names_as_a_run()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithMap("agent", NamedBy("NAME"));
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\""));
        await scene.ResyncAsync("agent");

        var fields = await scene.Engine().AuditFieldsAsync(["agent"], null, scene.Limit);
        var schema = await scene.Engine().AuditSchemaAsync(new SchemaAuditOptions(), scene.Limit);
        var values = await Bubblesync.RunAsync(scene, [("Run__Entities", scene.Settings.Run.Entities)], "audit", "values", "--entity", "agent");
        var doctor = await scene.Engine().ExamineAsync(scene.Limit);

        var row = Assert.Single(fields.Rows, r => r.Column == "name");
        Assert.Equal(("NAME", "mapped", 1L, 1L), (row.BubbleField, row.Status, row.Present, row.Stored));
        Assert.DoesNotContain(fields.Rows, r => r.Status == "unmapped");
        var finding = Assert.Single(schema.Findings, f => f is { Entity: "agent", Column: "name" });
        Assert.Equal(("Name", "field-renamed"), (finding.BubbleField, finding.Finding));
        Assert.True(IsAdvice(finding.Message));
        Assert.True(values.Output.Contains($"agent,{Scene.Id(1)},NAME,name,Ann,Ann,Ann,same", StringComparison.Ordinal), values.All);
        Assert.True(IsAdvice(Assert.Single(doctor.Checks, c => c is { Name: "field names", Status: "well" }).Message));
    }

    [Theory]
    [InlineData(404, "", false)]
    [InlineData(403, "{}", true)]
    [InlineData(500, "sorry", true)]
    [InlineData(200, "<html>", true)]
    [InlineData(200, "[]", false)]
    [InlineData(200, "{\"get\": [\"agent\", 5], \"types\": {\"agent\": {\"fields\": [null, {\"display\": 7}]}}}", false)]
    [InlineData(200, "{\"get\": [\"\\ud800\"], \"types\": {\"\\ud800\": {}}}", true)]
    public async Task Without_a_description_names_are_exact_and_the_run_goes_on(int status, string body, bool isTold)
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithMap("agent", NamedBy("NAME"));
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { MaxAttempts = 2 } };
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\", \"Contact\": \"1\""));
        await using var between = await GoBetween.StartAsync(scene, (path, _) => path == "meta" ? GoBetween.Say(status, body) : null);

        var report = await scene.ResyncAsync("agent");

        Assert.Equal("succeeded", report.Status);
        Assert.Equal("~|1", await scene.RowAsync("select name, contact from agent"));
        Assert.Single(report.Warnings, w => w.Contains("no map names: 'Name' (1)", StringComparison.Ordinal));
        Assert.Equal(isTold, report.Warnings.Any(w => w.StartsWith("The app's description could not be read", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_field_that_another_line_reads_or_of_which_there_are_two_fills_no_other_column()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.WithMaps(
            ("agent.json", map => NamedBy("NAME")(map).Replace("\"from\": \"Contact\"", "\"from\": [\"Contact\", \"Name\"]", StringComparison.Ordinal)),
            ("customer.json", map => map.Replace("\"from\": [\"Name\", \"name\"]", "\"from\": \"NAME\"", StringComparison.Ordinal)));
        scene.Bubble.Records.Declare("Customer_Profile", "name?", "text");
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\""));
        scene.Put("Customer_Profile", Scene.Record(2, Scene.Early, "\"Name\": \"Ann\", \"name?\": \"Bob\""));

        var report = await scene.ResyncAsync("agent", "customer");

        Assert.Equal("~|Ann", await scene.RowAsync("select name, contact from agent"));
        Assert.Equal("~", await scene.RowAsync("select name from customer"));
        Assert.Contains(report.Warnings, w => w.StartsWith("customer: fields", StringComparison.Ordinal) && Names(w, "Name") && Names(w, "name?"));
    }

    [Fact]
    public async Task A_run_that_is_refused_before_it_reads_asks_for_no_description()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("alter table agent drop column banker");

        await Assert.ThrowsAsync<SyncException>(() => scene.ResyncAsync("agent"));

        Assert.Equal(0, scene.Bubble.Traffic.Requests);
    }

    private static bool IsAdvice(string text) => text.Contains("agent: column 'name' is read from Bubble's field 'Name'", StringComparison.Ordinal)
        && (text.Contains(Advice, StringComparison.Ordinal) || text.Contains("\"from\": [\"NAME\",\"Name\"]", StringComparison.Ordinal));

    private static bool Names(string warning, string field) => warning.Contains($"'{field}' (1)", StringComparison.Ordinal);

    private static Func<string, string> NamedBy(string name) => map => map.Replace("\"from\": \"Name\"", $"\"from\": \"{name}\"", StringComparison.Ordinal);
}
