using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class WriteTests
{
    [Fact]
    public async Task A_created_record_gets_an_id_and_dates_and_is_found_at_once()
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.SendAsync(HttpMethod.Post, "obj/agent", """{"Name":"New one","Address":null,"Contact":""}""");
        var id = JsonNode.Parse(await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit))!["id"]!.GetValue<string>();
        var record = JsonNode.Parse(session.Server.Records.Get("agent", id)!)!.AsObject();

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Matches("^[0-9]{13}x[0-9]{18}$", id);
        Assert.Equal(["Modified Date", "Created Date", "Created By", "Name", "_id"], record.Select(pair => pair.Key));
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_Modified_Date()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var before = JsonNode.Parse(session.Server.Records.At("agent", 1))!.AsObject();

        using var answer = await session.SendAsync(HttpMethod.Patch, $"obj/agent/{before.Id()}", """{"Address":"Somewhere else"}""");
        var after = JsonNode.Parse(session.Server.Records.Get("agent", before.Id())!)!.AsObject();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("Somewhere else", after["Address"]!.GetValue<string>());
        Assert.NotEqual(before["Modified Date"]!.GetValue<string>(), after["Modified Date"]!.GetValue<string>());
        Assert.Equal(before["Name"]?.ToJsonString(), after["Name"]?.ToJsonString());
        Assert.Equal(4, session.Server.Records.Count("agent"));
    }

    [Fact]
    public async Task A_put_empties_what_it_does_not_name()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var id = JsonNode.Parse(session.Server.Records.At("agent", 0))!.AsObject().Id();

        using var answer = await session.SendAsync(HttpMethod.Put, $"obj/agent/{id}", """{"Name":"Only a name"}""");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(
            ["Created By", "Created Date", "Modified Date", "Name", "_id"],
            JsonNode.Parse(session.Server.Records.Get("agent", id)!)!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_deleted_record_is_gone_from_lists_counts_and_by_id()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var id = JsonNode.Parse(session.Server.Records.At("invoice", 50))!.AsObject().Id();

        using var answer = await session.Http.DeleteAsync(new Uri($"obj/invoice/{id}", UriKind.Relative), SimulatorFixture.Limit);
        using var again = await session.Http.DeleteAsync(new Uri($"obj/invoice/{id}", UriKind.Relative), SimulatorFixture.Limit);
        var rows = await session.ReadAsync("invoice");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (answer.StatusCode, again.StatusCode));
        Assert.Equal(99, rows.Count);
        Assert.DoesNotContain(id, rows.Ids());
        Assert.Null(session.Server.Records.Get("invoice", id));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name_text")]
    [InlineData("_id")]
    [InlineData("Fieldname")]
    public async Task A_field_that_cannot_be_written_is_named(string field)
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.SendAsync(HttpMethod.Post, "obj/agent", $$"""{"{{field}}":"x"}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal($$$"""{"statusCode":400,"body":{"status":"ERROR","message":"Unrecognized field: {{{field}}}"}}""", await answer.Content.ReadAsStringAsync(
            SimulatorFixture.Limit));
    }

    [Fact]
    public async Task Bulk_answers_line_by_line()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 0);

        using var answer = await session.SendAsync(HttpMethod.Post, "obj/agent/bulk", "{\"Name\":\"one\"}\nnonsense\n{\"Name\":\"two\"}\n", "text/plain");
        var lines = (await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit)).Split('\n').Select(line => JsonNode.Parse(line)!).ToList();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["success", "error", "success"], lines.Select(line => line["status"]!.GetValue<string>()));
        Assert.Equal("Could not parse as JSON: nonsense", lines[1]["message"]!.GetValue<string>());
        Assert.Equal(2, session.Server.Records.Count("agent"));
    }

    [Fact]
    public async Task Bulk_wants_plain_text()
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.SendAsync(HttpMethod.Post, "obj/agent/bulk", "{}");

        Assert.Equal(
            """{"statusCode":400,"body":{"status":"ERROR","message":"Expecting a newline-seperated list of JSON objects.  Make sure the Content-Type """
                + """header is text/plain"}}""",
            await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit));
    }
}
