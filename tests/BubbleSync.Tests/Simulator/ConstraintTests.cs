using System.Globalization;
using System.Net;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class ConstraintTests
{
    private const string Row = """
        {"Created Date":"2026-02-02T00:00:00.000Z","Modified Date":"2026-02-03T00:00:00.000Z","Amount":12.5,"Paid?":true,"Approval Status":"Peppers and salt",
         "Linked Payment":["1x1","1x2"],"Linked Customer":"1769990400000x7","_id":"1769990400000x5"}
        """;

    [Theory]
    [InlineData("Amount", "equals", "12.5", 1)]
    [InlineData("Amount", "equals", 12.5, 1)]
    [InlineData("Amount", "not equal", 12.5, 0)]
    [InlineData("Amount", "greater than", 12.5, 0)]
    [InlineData("Amount", "greater than", 12, 1)]
    [InlineData("Amount", "less than", 12.5, 0)]
    [InlineData("Amount", "less than", 13, 1)]
    [InlineData("Amount", "is_empty", null, 0)]
    [InlineData("Amount", "is_not_empty", null, 1)]
    [InlineData("Version", "is_empty", null, 1)]
    [InlineData("Paid?", "equals", true, 1)]
    [InlineData("Paid?", "equals", false, 0)]
    [InlineData("Approval Status", "text contains", "pepper", 1)]
    [InlineData("Approval Status", "text contains", "pepp", 0)]
    [InlineData("Approval Status", "text contains", "the SALT", 1)]
    [InlineData("Approval Status", "not text contains", "sugar", 1)]
    [InlineData("Approval Status", "greater than", "Pepper", 1)]
    [InlineData("Linked Payment", "contains", "1x2", 1)]
    [InlineData("Linked Payment", "not contains", "1x2", 0)]
    [InlineData("Linked Payment", "not empty", null, 1)]
    [InlineData("Linked Payment", "empty", null, 0)]
    [InlineData("Linked Customer", "equals", "1769990400000x7", 1)]
    [InlineData("_id", "equals", "1769990400000x5", 1)]
    [InlineData("_id", "greater than", "1769990400000x5", 0)]
    [InlineData("_id", "greater than", "1769990400000x4", 1)]
    [InlineData("_id", "less than", "1769990400000x5", 0)]
    [InlineData("Created Date", "equals", "2026-02-02T00:00:00Z", 1)]
    [InlineData("Created Date", "greater than", "2026-02-02T00:00:00Z", 0)]
    [InlineData("Created Date", "greater than", "2026-02-01T23:59:59.999Z", 1)]
    [InlineData("Created Date", "less than", "2026-02-02T00:00:00.000Z", 0)]
    [InlineData("Created Date", "less than", "2026-02-02T00:00:00.001Z", 1)]
    [InlineData("Created Date", "is_empty", null, 0)]
    [InlineData("Created Date", "is_not_empty", null, 1)]
    [InlineData("Modified Date", "greater than", "2026-02-03T00:00:00Z", 0)]
    [InlineData("Modified Date", "greater than", "2026-02-02T23:59:59.999Z", 1)]
    [InlineData("approvalstatus", "equals", "Peppers and salt", 1)]
    [InlineData("approval_status_text", "equals", "Peppers and salt", 1)]
    public async Task A_constraint_lets_a_record_through_or_not(string key, string constraint, object? value, int found)
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 0);
        session.Server.Records.Put("invoice", Row);

        var page = await session.FindAsync("invoice", key, constraint, value);

        Assert.Equal((found, 0), (page.Count(), page.Remaining()));
    }

    [Fact]
    public async Task Half_open_windows_add_up_to_the_whole()
    {
        await using var session = await SimulatorFixture.StartAsync(500, "dense=invoice:30");
        session.Server.Records.Delete("invoice", session.Server.Records.At("invoice", 7).Split("\"_id\":\"")[1].TrimEnd('"', '}'));
        session.Server.Records.Put("invoice", Row);
        var edges = (await session.ReadAsync("invoice", ("limit", "100")))
            .Select(Reading.Created).Where((_, at) => at % 29 == 0).Append("2027-01-01T00:00:00.000Z").ToList();

        var ids = new List<string>();
        for (var at = 1; at < edges.Count; at++)
        {
            var before = DateTimeOffset.Parse(edges[at - 1], CultureInfo.InvariantCulture)
                .AddMilliseconds(-1).UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
            ids.AddRange(
                (await session.ReadAsync(
                    "invoice", ("constraints", SimulatorFixture.Where(("Created Date", "greater than", before), ("Created Date", "less than", edges[at])))))
                .Ids());
        }

        Assert.Equal(530, ids.Distinct().Count());
        Assert.Equal(530, ids.Count);
    }

    [Fact]
    public async Task Several_ids_are_found_at_once_and_unknown_ones_are_left_out()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var some = (await session.ListAsync("payment", ("limit", "5"))).Rows().Ids();

        var page = await session.FindAsync("payment", "_id", "in", some.Reverse().Append("1x1").ToArray());

        Assert.Equal(some, page.Rows().Ids());
    }

    [Fact]
    public async Task Constraints_all_have_to_hold()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var all = await session.ReadAsync("invoice");

        var found = await session.ReadAsync("invoice", ("constraints", SimulatorFixture.Where(("Paid?", "equals", true), ("Amount", "greater than", 40000))));

        Assert.Equal(all.Where(row => row["Paid?"]?.GetValue<bool>() == true && row["Amount"]?.GetValue<decimal>() > 40000).Ids(), found.Ids());
        Assert.NotEmpty(found);
    }

    [Fact]
    public async Task Modified_Date_finds_what_was_edited_later_than_anything_generated()
    {
        await using var session = await SimulatorFixture.StartAsync();
        session.Server.Records.Put("agent", """{"_id":"1x1","Created Date":"2026-01-01T00:00:00.000Z","Modified Date":"2026-11-01T00:00:00.000Z"}""");

        var page = await session.FindAsync("agent", "Modified Date", "greater than", "2026-10-31T00:00:00Z");

        Assert.Equal(["1x1"], page.Rows().Ids());
    }

    [Fact]
    public async Task A_dense_millisecond_can_be_split_by_id()
    {
        await using var session = await SimulatorFixture.StartAsync(0, "dense=user:100");
        var ids = (await session.ListAsync("user", ("cursor", "1"))).Rows().Ids();

        var above = await session.FindAsync("user", "_id", "greater than", ids[50]);

        Assert.Equal(ids.Skip(51).Append((await session.ListAsync("user", ("cursor", "100"))).Rows()[0].Id()).Distinct(), above.Rows().Ids());
    }

    [Theory]
    [InlineData("Amount", "contains", 1, "Constraint type not found contains for field amount_number and type invoice")]
    [InlineData("Paid?", "greater than", true, "Constraint type not found greater than for field paid_boolean and type invoice")]
    [InlineData("Linked Payment", "text contains", "a", "Constraint type not found text contains for field linked_payment_list_custom_payment and "
        + "type invoice")]
    [InlineData("Amount", "begins with", 1, "Constraint type not found begins with for field amount_number and type invoice")]
    public async Task A_constraint_that_the_field_does_not_have_is_not_found(string key, string constraint, object value, string message)
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.GetAsync("obj/invoice?constraints=" + Uri.EscapeDataString(SimulatorFixture.Where((key, constraint, value))));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal($$$"""{"statusCode":404,"body":{"status":"NOT_FOUND","message":"{{{message}}}"}}""", await answer.Content.ReadAsStringAsync(
            SimulatorFixture.Limit));
    }

    [Theory]
    [InlineData("constraints=nonsense")]
    [InlineData("constraints={}")]
    [InlineData("""constraints=[{"key":"No Such","constraint_type":"equals","value":1}]""")]
    [InlineData("""constraints=[{"key":"_id","constraint_type":"in","value":"one"}]""")]
    [InlineData("""constraints=[{"key":"Created Date","constraint_type":"less than","value":"soon"}]""")]
    [InlineData("sort_field=No Such")]
    [InlineData("sort_field=Linked Payment")]
    [InlineData("cursor=many")]
    public async Task A_search_that_makes_no_sense_is_refused(string query)
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.GetAsync("obj/invoice?" + Uri.EscapeDataString(query).Replace("%3D", "=", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(
            """{"statusCode":400,"body":{"status":"ERROR","message":""", await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit),
            StringComparison.Ordinal);
    }
}
