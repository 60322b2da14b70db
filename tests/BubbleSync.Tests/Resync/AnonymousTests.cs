using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 2: without a token nothing is asked, unless that is meant.</summary>
public sealed class AnonymousTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("resync")]
    [InlineData("plan")]
    [InlineData("verify")]
    [InlineData("sync", "incremental")]
    [InlineData("sync", "range", "--from", "2026-01-01")]
    [InlineData("sync", "invoice", "1x1")]
    [InlineData("audit", "fields")]
    [InlineData("audit", "values")]
    [InlineData("audit", "schema")]
    public async Task A_command_that_reads_Bubble_stops_with_2_before_it_asks(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__ApiToken", "")], words);

        Assert.Equal((2, 0L), (outcome.Code, fixture.Bubble.Traffic.Requests));
        Assert.Contains("Bubble:ApiToken: it is not set", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Bubble:Anonymous", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task Where_that_is_meant_Bubble_is_asked_without_a_token()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = null, Anonymous = true } };

        var report = await fixture.ResyncAsync("agent");

        // The simulator lets nobody in without one.
        Assert.Contains(report.Errors, e => e.Code == ErrorCode.TokenRefused);
        Assert.True(fixture.Bubble.Traffic.Unauthorized > 0);
    }

    [Fact]
    public async Task The_doctor_names_the_token_that_lacks()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = " " } };

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        var check = Assert.Single(report.Checks, c => c is { Name: "token", Status: CheckStatus.Failed });
        Assert.Contains("Set BUBBLESYNC_Bubble__ApiToken", check.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_asks_nothing_where_the_address_is_wrong()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = new Uri(fixture.Bubble.BaseUrl + "/obj/") } };

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        var check = Assert.Single(report.Checks, c => c is { Name: "Bubble", Status: CheckStatus.Failed });
        Assert.Contains($"Did you mean {fixture.Bubble.BaseUrl}?", check.Message, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }
}
