using System.Net;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class FaultArgumentTests
{
    [Theory]
    [InlineData("503=7", 14)]
    [InlineData("503=12.5", 25)]
    [InlineData("503=0.5", 1)]
    public async Task A_percentage_is_kept_exactly_over_each_hundred_requests_and_repeats_with_the_seed(string fault, int struck)
    {
        await using var one = await SimulatorFixture.StartAsync(5, fault);
        await using var same = await SimulatorFixture.StartAsync(5, fault);

        var answers = await StatusesAsync(one, 200);

        Assert.Equal(struck, answers.Count(status => status == HttpStatusCode.ServiceUnavailable));
        Assert.Equal(answers, await StatusesAsync(same, 200));
    }

    [Fact]
    public async Task The_first_few_requests_alone_can_fail()
    {
        await using var session = await SimulatorFixture.StartAsync(5, "503=2x");

        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK], await StatusesAsync(session, 3));
    }

    [Theory]
    [InlineData("trunkated", "There is no fault 'trunkated'. Did you mean 'truncated'? Known faults: 429, ")]
    [InlineData("stall=often", "Fault 'stall' cannot take 'often': it takes a percentage")]
    [InlineData("ceiling=x", "Fault 'ceiling' cannot take 'x': it takes a number")]
    [InlineData("types-not-exposed=", "Fault 'types-not-exposed' needs an argument: it takes types")]
    [InlineData("id-keys=1", "Fault 'id-keys' cannot take '1': it takes nothing")]
    [InlineData("churn=1,2", "Fault 'churn' cannot take '1,2': it takes three percentages")]
    public async Task A_fault_that_makes_no_sense_is_refused_with_a_hint(string fault, string message)
    {
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => SimulatorServer.StartAsync(new() { Faults = [fault] }, CancellationToken.None));

        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_types_means_all_of_them_or_those_named()
    {
        await using var all = await SimulatorFixture.StartAsync(100, "empty");
        await using var some = await SimulatorFixture.StartAsync(100, "empty=payment,agent");

        Assert.Equal((0, 0, 0), (all.Server.Records.Count("agent"), all.Server.Records.Count("payment"), all.Server.Records.Count("invoice")));
        Assert.Equal((0, 0, 100), (some.Server.Records.Count("agent"), some.Server.Records.Count("payment"), some.Server.Records.Count("invoice")));
    }

    [Fact]
    public async Task A_number_can_be_meant_for_one_type_only()
    {
        await using var session = await SimulatorFixture.StartAsync(100, "undated=agent:2");

        Assert.Equal((6, 5), (session.Server.Records.Count("agent"), session.Server.Records.Count("user")));
    }

    [Fact]
    public async Task Lists_that_tests_put_are_cut_too_and_nothing_else_is_touched()
    {
        await using var session = await SimulatorFixture.StartAsync(0, "list-200");
        var list = string.Join(',', Enumerable.Range(0, 201));
        session.Server.Records.Put("agent", $$"""{"_id":"1x1","n":1.50,"list":[{{list}}]}""");
        session.Server.Records.Put("agent", """{"_id" : "1x2"}""");

        Assert.Equal(200, JsonNode.Parse(session.Server.Records.Get("agent", "1x1")!)!["list"]!.AsArray().Count);
        Assert.Equal("""{"_id" : "1x2"}""", session.Server.Records.Get("agent", "1x2"));
    }

    private static async Task<List<HttpStatusCode>> StatusesAsync(SimulatorFixture session, int count)
    {
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < count; i++)
        {
            using var answer = await session.GetAsync("obj/user");
            statuses.Add(answer.StatusCode);
        }

        return statuses;
    }
}
