using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>The end of a summary: what to type next, and that it can be typed.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class NextStepsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task What_did_not_come_is_followed_by_the_command_for_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 300, Faults = ["bad-records=1"] });
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("insert into agent (bubble_id, name) values ('1700000000000x123456789012345678', 'gone')");
        await fixture.ExecuteAsync("update agent set modified_date = modified_date - interval '1 day', updated_at = now() + interval '1 day' where bubble_id "
            + "= (select min(bubble_id) from agent where modified_date is not null)");

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--entity", "customer");

        var commands = outcome.Output.Split('\n').Where(l => l.StartsWith("next: bubblesync ", StringComparison.Ordinal))
            .Select(l => l["next: bubblesync ".Length..l.IndexOf('#', StringComparison.Ordinal)].TrimEnd()).ToList();
        Assert.Equal(
            [
                "runs rejected RUN", "runs reprocess RUN", "runs log RUN --level warning", "resync --entity agent --force", "audit links --ask",
                "resync --entity agent --prune soft",
            ],
            commands.Select(c => string.Join(' ', c.Split(' ').Select(w => w.Length == 13 && w[8] == '-' ? "RUN" : w))));
        foreach (var command in commands)
            Assert.InRange((await Bubblesync.RunAsync(fixture, command.Split(' '))).Code, 0, 1);
    }

    [Fact]
    public async Task After_a_refusal_of_the_token_the_next_step_is_doctor()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__ApiToken", "another")], "resync", "--entity", "agent");

        Assert.Equal(3, outcome.Code);
        var next = Assert.Single(outcome.Output.Split('\n'), l => l.StartsWith("next: ", StringComparison.Ordinal));
        Assert.Equal("next: bubblesync doctor", next.Split("   #")[0]);
        Assert.DoesNotContain("resync --resume", outcome.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resync")]
    [InlineData("verify")]
    public async Task Where_Bubble_ignores_constraints_the_next_step_is_doctor_and_never_the_same_again(string command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["constraints-ignored"] });

        var outcome = await Bubblesync.RunAsync(fixture, command, "--entity", "invoice");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("the constraint was not applied", outcome.Error, StringComparison.Ordinal);
        var steps = outcome.Output.Split('\n').Where(l => l.StartsWith("next: ", StringComparison.Ordinal)).ToList();
        Assert.Equal("next: bubblesync doctor", steps[0].Split("   #")[0]);
        Assert.DoesNotContain(
            steps, l => l.Contains("bubblesync resync", StringComparison.Ordinal) || l.Contains("bubblesync verify", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_prune_that_was_too_large_no_other_is_suggested()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{SyncFixture.Id(8)}'), ('{SyncFixture.Id(9)}')");

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--prune", "soft");

        Assert.Contains("more than 20 %", outcome.All, StringComparison.Ordinal);
        var steps = outcome.Output.Split('\n').Where(l => l.StartsWith("next: ", StringComparison.Ordinal));
        Assert.DoesNotContain(steps, l => l.Contains("--prune", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_stopped_names_the_way_to_go_on()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 200 });

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--max-calls", "10");

        Assert.Equal(3, outcome.Code);
        var next = Assert.Single(outcome.Output.Split('\n'), l => l.StartsWith("next: ", StringComparison.Ordinal));
        Assert.Matches("^next: bubblesync resync --resume [0-9a-f]{8}-[0-9a-f]{4}   # resumes; verified windows are not read again", next);
        Assert.Equal(0, (await Bubblesync.RunAsync(fixture, next.Split("   ")[0].Split(' ')[2..])).Code);
    }

    [Fact]
    public async Task Where_all_is_well_there_is_nothing_to_do()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent");

        Assert.DoesNotContain("next:", outcome.Output, StringComparison.Ordinal);
    }
}
