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
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });

        var outcome = await Bubblesync.RunAsync(scene, [("Bubble__ApiToken", "")], words);

        Assert.Equal((2, 0L), (outcome.Code, scene.Bubble.Traffic.Requests));
        Assert.Contains("Bubble:ApiToken: it is not set", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Bubble:Anonymous", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(await scene.SnapshotAsync());
    }

    [Fact]
    public async Task Where_that_is_meant_Bubble_is_asked_without_a_token()
    {
        await using var scene = await Scene.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { ApiToken = null, Anonymous = true } };

        var report = await scene.ResyncAsync("agent");

        // The simulator lets nobody in without one.
        Assert.Contains(report.Errors, e => e.Code == "token-refused");
        Assert.True(scene.Bubble.Traffic.Unauthorized > 0);
    }

    [Fact]
    public async Task The_doctor_names_the_token_that_lacks()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { ApiToken = " " } };

        var report = await scene.Engine().ExamineAsync(scene.Limit);

        var check = Assert.Single(report.Checks, c => c is { Name: "token", Status: "failed" });
        Assert.Contains("Set BUBBLESYNC_Bubble__ApiToken", check.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_asks_nothing_where_the_address_is_wrong()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { BaseUrl = new Uri(scene.Bubble.BaseUrl + "/obj/") } };

        var report = await scene.Engine().ExamineAsync(scene.Limit);

        var check = Assert.Single(report.Checks, c => c is { Name: "Bubble", Status: "failed" });
        Assert.Contains($"Did you mean {scene.Bubble.BaseUrl}?", check.Message, StringComparison.Ordinal);
        Assert.Equal(0, scene.Bubble.Traffic.Requests);
    }
}
