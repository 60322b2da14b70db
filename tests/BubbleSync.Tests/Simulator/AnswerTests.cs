using System.Net;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class AnswerTests
{
    [Fact]
    public async Task One_record_comes_alone()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var json = session.Server.Records.At("agent", 2);

        using var answer = await session.GetAsync($"obj/agent/{JsonNode.Parse(json)!["_id"]}");

        Assert.Equal($$"""{"response":{{json}}}""", await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit));
    }

    [Theory]
    [
        InlineData("obj/invoice/1x1",
            """{"statusCode":404,"body":{"status":"MISSING_DATA","message":"Missing object of type invoice: object with id 1x1 does not exist"}}"""),
    ]
    [InlineData("obj/Rental%20Unit/1x1", """{"statusCode":404,"body":{"status":"NOT_FOUND","message":"Type not found rentalunit"}}""")]
    [InlineData("obj/nothing", """{"statusCode":404,"body":{"status":"NOT_FOUND","message":"Type not found nothing"}}""")]
    public async Task What_is_not_there_is_404(string path, string body)
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(body, await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit));
    }

    [Fact]
    public async Task A_wrong_token_is_refused_first_and_given_away()
    {
        await using var session = await SimulatorFixture.StartAsync();
        session.Http.DefaultRequestHeaders.Authorization = new("Bearer", "my-secret");

        using var answer = await session.GetAsync("obj/nothing");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("""{"error_class":"Unauthorized","translation":"Invalid or expired token: my-secret"}""", await answer.Content.ReadAsStringAsync(
            SimulatorFixture.Limit));
        Assert.Equal(1, session.Server.Traffic.Unauthorized);
    }

    [Fact]
    public async Task Meta_tells_types_and_fields_even_without_a_token()
    {
        await using var session = await SimulatorFixture.StartAsync();
        session.Http.DefaultRequestHeaders.Authorization = null;

        var meta = JsonNode.Parse(await session.Http.GetStringAsync(new Uri("meta", UriKind.Relative), SimulatorFixture.Limit))!;

        Assert.Equal(["agent", "customer_profile", "invoice", "invoice_item", "payment", "seda_registration", "submit_payment", "user"], meta["get"]!.AsArray()
            .Select(type => type!.GetValue<string>()));
        Assert.Equal("Customer_Profile", meta["types"]!["customer_profile"]!["display"]!.GetValue<string>());
        Assert.Contains(meta["types"]!["invoice"]!["fields"]!.AsArray(), field =>
            field!.ToJsonString() == """{"id":"linked_invoice_item_list_custom_invoice_item","display":"Linked Invoice """
                + """Item","type":"list.custom.invoice_item"}""");
    }

    [Fact]
    public async Task Meta_can_be_without_types_as_in_older_apps()
    {
        await using var session = await SimulatorFixture.StartAsync(new SimulatorOptions { Invoices = 1, MetaTypes = false });

        var meta = await session.Http.GetStringAsync(new Uri("meta", UriKind.Relative), SimulatorFixture.Limit);

        Assert.DoesNotContain("\"types\"", meta, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swagger_is_hidden_until_it_is_switched_on()
    {
        await using var hidden = await SimulatorFixture.StartAsync();
        await using var shown = await SimulatorFixture.StartAsync(new SimulatorOptions { Swagger = true });

        using var none = await hidden.GetAsync("meta/swagger.json");
        var swagger = JsonNode.Parse(await shown.Http.GetStringAsync(new Uri("meta/swagger.json", UriKind.Relative), SimulatorFixture.Limit))!;

        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Equal("/version-test/api/1.1", swagger["basePath"]!.GetValue<string>());
        Assert.Equal("number", swagger["definitions"]!["invoice"]!["properties"]!["Amount"]!["type"]!.GetValue<string>());
        Assert.NotNull(swagger["paths"]!["/obj/invoice/{UniqueID}"]);
    }

    [Fact]
    public async Task A_type_that_is_put_becomes_known_with_its_fields()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 0);
        session.Server.Records.Put("Rental Unit", """{"_id":"1x1","Unit number":4,"Tags":["a"]}""");

        var meta = await session.Http.GetStringAsync(new Uri("meta", UriKind.Relative), SimulatorFixture.Limit);

        Assert.Contains("""{"id":"unit_number_number","display":"Unit number","type":"number"}""", meta, StringComparison.Ordinal);
        Assert.Equal(1, (await session.FindAsync("rentalunit", "Unit number", "equals", 4)).Count());
    }

    [Fact]
    public async Task More_requests_than_a_minute_may_see_get_429_and_are_told_when_to_return()
    {
        await using var session = await SimulatorFixture.StartAsync(new SimulatorOptions { RequestsPerMinute = 2 });
        using var first = await session.GetAsync("obj/user");
        using var second = await session.GetAsync("obj/user");

        using var third = await session.GetAsync("obj/user");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (second.StatusCode, third.StatusCode));
        Assert.InRange(third.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 50, 60);
        Assert.Equal(1, session.Server.Traffic.Throttled);
    }
}
