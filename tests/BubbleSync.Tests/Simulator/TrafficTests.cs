using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class TrafficTests
{
    [Fact]
    public async Task Requests_are_counted_by_type_and_kind_and_remembered()
    {
        await using var session = await SimulatorFixture.StartAsync();

        await session.FindAsync("invoice", "_id", "equals", "1x1");
        await session.ListAsync("user", ("cursor", "5"));
        using var missing = await session.GetAsync("obj/user/1x1");

        var traffic = session.Server.Traffic;
        Assert.Equal((3, 2, 1, 2), (traffic.Requests, traffic.Count(RequestKind.List), traffic.Count("user", RequestKind.Get), traffic.Count("user")));
        Assert.Contains("""[{"key":"_id","constraint_type":"equals","value":"1x1"}]""", traffic.Recent[0], StringComparison.Ordinal);
        Assert.Equal("GET /version-test/api/1.1/obj/user?cursor=5", traffic.Recent[1]);
    }

    [Fact]
    public async Task The_most_requests_under_way_at_once_are_known()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var waiting = 0;
        var all = new TaskCompletionSource();
        session.Server.Traffic.OnRequest = _ =>
        {
            if (Interlocked.Increment(ref waiting) == 4)
                all.SetResult();
            return all.Task;
        };

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => session.ListAsync("invoice"))).WaitAsync(SimulatorFixture.Limit);

        Assert.Equal(4, session.Server.Traffic.MaxInFlight);
    }

    [Fact]
    public async Task A_test_can_delete_a_record_between_two_pages_and_offset_paging_skips_one()
    {
        await using var session = await SimulatorFixture.StartAsync();
        var expected = (await session.ReadAsync("invoice")).Ids();
        session.Server.Traffic.OnRequest = request =>
        {
            if (request is { Type: "invoice", Cursor: 10 })
                session.Server.Records.Delete("invoice", expected[3]);
            return Task.CompletedTask;
        };

        var rows = await session.ReadAsync("invoice", ("limit", "10"));

        Assert.Equal(99, rows.Ids().Distinct().Count());
        Assert.DoesNotContain(expected[10], rows.Ids());
    }

    [Fact]
    public async Task Latency_is_waited_for_before_the_answer()
    {
        await using var session = await SimulatorFixture.StartAsync(new SimulatorOptions { Latency = TimeSpan.FromMilliseconds(60) });
        var before = TimeProvider.System.GetTimestamp();

        await session.ListAsync("user");

        Assert.True(TimeProvider.System.GetElapsedTime(before) >= TimeSpan.FromMilliseconds(55));
    }
}
