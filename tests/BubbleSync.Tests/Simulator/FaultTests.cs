using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class FaultTests
{
    private static readonly Dictionary<string, Func<SimulatorFixture, Task>> Checks = new()
    {
        ["429"] = session => AnswersAsync(session, HttpStatusCode.TooManyRequests, retryAfter: 1),
        ["429-bare"] = session => AnswersAsync(session, HttpStatusCode.TooManyRequests),
        ["408"] = session => AnswersAsync(session, HttpStatusCode.RequestTimeout),
        ["500"] = session => AnswersAsync(session, HttpStatusCode.InternalServerError),
        ["502"] = session => AnswersAsync(session, HttpStatusCode.BadGateway),
        ["503"] = session => AnswersAsync(session, HttpStatusCode.ServiceUnavailable),
        ["504"] = session => AnswersAsync(session, HttpStatusCode.GatewayTimeout),
        ["reset"] = IsResetAsync,
        ["truncated-http"] = BreaksOffAsync,
        ["truncated"] = IsCutOffAsync,
        ["html"] = async session => Assert.StartsWith("<!DOCTYPE html>", await BodyAsync(session), StringComparison.Ordinal),
        ["contradicts"] = async session => Assert.Equal((0, 100), Numbers(await session.ListAsync("invoice"))),
        ["stall"] = StallsAsync,
        ["drip"] = async session => Assert.Equal(100, (await session.ListAsync("invoice")).Count()),
        ["limit-cap"] = async session => Assert.Equal((50, 50), Numbers(await session.ListAsync("invoice", ("limit", "100")))),
        ["constraints-ignored"] = async session => Assert.Equal(100, (await session.FindAsync("invoice", "_id", "equals", "1x1")).Count()),
        ["unstable-ties"] = session => ReadsAllAsync(session, "invoice", 100),
        ["remaining-absent"] = async session => Assert.False((await session.ListAsync("invoice", ("limit", "1"))).ContainsKey("remaining")),
        ["remaining-wrong"] = async session => Assert.NotEqual(99, (await session.ListAsync("invoice", ("limit", "1"))).Remaining()),
        ["undated"] = async session => Assert.Equal(3, (await session.FindAsync("invoice", "Created Date", "is_empty", null)).Count()),
        ["dense"] = async session => Assert.Equal(300, (await session.ReadAsync("invoice")).GroupBy(Reading.Created).Max(group => group.Count())),
        ["ceiling"] = session => ReadsAllAsync(session, "invoice", 100),
        ["list-200"] = CutsListsAsync,
        ["duplicates"] = RepeatsARowAsync,
        ["twins"] = async session => Assert.Equal((102, 100), CountDistinct(await session.ReadAsync("invoice"))),
        ["types-not-exposed"] = IsNotExposedAsync,
        ["empty"] = async session => Assert.Equal((0, 0), Numbers(await session.ListAsync("payment"))),
        ["churn"] = ChurnsAsync,
        ["id-keys"] = UsesIdsAsync,
        ["bad-records"] = HasBadRecordsAsync,
    };

    public static TheoryData<string> All => [.. SimulatorFaults.All.Select(fault => fault.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_fault_does_what_it_says(string fault)
    {
        // Faults that strike now and then strike always here.
        var kind = SimulatorFaults.All.Single(kind => kind.Name == fault);
        await using var session = await SimulatorFixture.StartAsync(100, kind.Argument == FaultArgument.Percent ? $"{fault}=100" : fault);

        await Checks[fault](session);
    }

    private static async Task AnswersAsync(SimulatorFixture session, HttpStatusCode status, double? retryAfter = null)
    {
        using var answer = await session.GetAsync("obj/invoice");

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(retryAfter, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    private static async Task BreaksOffAsync(SimulatorFixture session)
    {
        using var answer = await session.Http.GetAsync(
            new Uri("obj/invoice", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, SimulatorFixture.Limit);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync(SimulatorFixture.Limit));
    }

    // The reset may overtake the head of the answer.
    private static async Task IsResetAsync(SimulatorFixture session) =>
        await Assert.ThrowsAsync<HttpRequestException>(() => session.GetAsync("obj/invoice"));

    private static async Task IsCutOffAsync(SimulatorFixture session)
    {
        var body = await BodyAsync(session);

        Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(body));
    }

    private static async Task StallsAsync(SimulatorFixture session)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.Http.GetAsync(new Uri("obj/invoice", UriKind.Relative), patience.Token));
        Assert.Equal(1, session.Server.Traffic.Requests);
    }

    private static async Task ReadsAllAsync(SimulatorFixture session, string type, int count) =>
        Assert.Equal((count, count), CountDistinct(await session.ReadAsync(type)));

    private static async Task CutsListsAsync(SimulatorFixture session)
    {
        await using var larger = await SimulatorFixture.StartAsync(2000, "list-200");
        await using var uncut = await SimulatorFixture.StartAsync(2000);

        Assert.Equal(200, LongestList(larger));
        Assert.Equal(230, LongestList(uncut));

        static int LongestList(SimulatorFixture session) =>
            session.Server.Records.All("invoice").Max(json => JsonNode.Parse(json)!["Linked Stock Transaction"]?.AsArray().Count ?? 0);
    }

    private static async Task RepeatsARowAsync(SimulatorFixture session)
    {
        var first = await session.ListAsync("invoice", ("limit", "10"));
        var second = await session.ListAsync("invoice", ("limit", "10"), ("cursor", "10"));

        Assert.Equal(first.Rows()[^1].Id(), second.Rows()[0].Id());
    }

    private static async Task IsNotExposedAsync(SimulatorFixture session)
    {
        using var answer = await session.GetAsync("obj/payment");
        var meta = JsonNode.Parse(await session.Http.GetStringAsync(new Uri("meta", UriKind.Relative), SimulatorFixture.Limit))!;

        Assert.Equal("""{"statusCode":404,"body":{"status":"NOT_FOUND","message":"Type not found payment"}}""", await answer.Content.ReadAsStringAsync(
            SimulatorFixture.Limit));
        Assert.DoesNotContain(meta["get"]!.AsArray(), type => type!.GetValue<string>() == "payment");
    }

    private static async Task ChurnsAsync(SimulatorFixture session)
    {
        for (var i = 0; i < 100; i++)
            await session.ListAsync("invoice", ("limit", "1"));
        var now = DateTimeOffset.Parse("2026-10-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        var records = session.Server.Records.All("invoice").Select(json => JsonNode.Parse(json)!.AsObject()).ToList();

        Assert.Equal(100, records.Count);
        Assert.InRange(records.Count(record => record["Created Date"]!.GetValue<DateTimeOffset>() > now), 5, 10);
        Assert.InRange(records.Count(record => record["Modified Date"]!.GetValue<DateTimeOffset>() > now), 12, 20);
    }

    private static async Task UsesIdsAsync(SimulatorFixture session)
    {
        var keys = (await session.ReadAsync("invoice")).SelectMany(row => row.Select(pair => pair.Key)).ToHashSet();
        using var refused = await session.SendAsync(HttpMethod.Post, "obj/agent", """{"Name":"x"}""");
        using var created = await session.SendAsync(HttpMethod.Post, "obj/agent", """{"name_text":"x"}""");

        Assert.Superset(
            new HashSet<string> { "_id", "Created Date", "amount_number", "linked_customer_custom_customer_profile", "1st_payment_date_date" }, keys);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Created), (refused.StatusCode, created.StatusCode));
    }

    private static async Task HasBadRecordsAsync(SimulatorFixture session)
    {
        foreach (var type in session.Server.Records.Types)
        {
            var raw = session.Server.Records.All(type).ToList();
            using var answer = await session.GetAsync(
                $"obj/{type}?constraints=" + Uri.EscapeDataString(SimulatorFixture.Where(("Modified Date", "equals", "2026-05-06T06:06:06.666Z"))));

            Assert.Contains(raw, json => json.Contains("\"twelve\"", StringComparison.Ordinal) || json.Contains("\"yesterday\"", StringComparison.Ordinal));
            Assert.Contains(raw, json => !json.Contains("\"_id\"", StringComparison.Ordinal));
            Assert.Contains(raw, json => json.Contains("\"_id\":\"bad id 2\"", StringComparison.Ordinal));
            Assert.Contains(raw, json => json.Contains("\\u0000", StringComparison.Ordinal));
            Assert.Contains(raw, json => json.Contains("lone\\ud83dsurrogate", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static async Task<string> BodyAsync(SimulatorFixture session)
    {
        using var answer = await session.GetAsync("obj/invoice");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit);
    }

    private static (int Count, int Remaining) Numbers(JsonObject page) => (page.Count(), page.Remaining());

    private static (int All, int Distinct) CountDistinct(List<JsonObject> rows) => (rows.Count, rows.Ids().Distinct().Count());
}
