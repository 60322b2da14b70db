using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Bubble;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class CompressionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Within_a_machine_nothing_is_compressed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100 });

        var report = await fixture.ResyncAsync();

        Assert.Equal((RunStatus.Succeeded, 0), (report.Status, fixture.Bubble.Traffic.Compressed));
    }

    // The simulator takes the part of a proxy: so it can have any name.
    [Theory]
    [InlineData]
    [InlineData("truncated=10", "truncated-http=10", "reset=10", "drip=10")]
    public async Task From_afar_answers_come_compressed_and_are_read_all_the_same(params string[] faults)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100, Faults = faults });
        var address = fixture.Bubble.BaseUrl;
        var proxy = new Dictionary<string, string> { ["http_proxy"] = address.GetLeftPart(UriPartial.Authority), ["no_proxy"] = "" };

        var outcome = await Bubblesync.RunAsync(
            fixture, [("Bubble__BaseUrl", $"http://app.example.com{address.AbsolutePath}"), ("Bubble__AllowHttp", "true")],
            proxy, "resync", "--output", "json");

        Assert.True(outcome.Code == 0, outcome.All);
        Assert.All(outcome.Json.GetProperty("entities")
            .EnumerateArray(), e => Assert.Equal(e.GetProperty("expected").GetInt64(), e.GetProperty("inserted").GetInt64()));
        Assert.True(fixture.Bubble.Traffic.Compressed >= 8);
    }
}
