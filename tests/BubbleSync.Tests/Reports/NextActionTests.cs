using BubbleSync.Cli.Output;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary>What a report proposes to do next.</summary>
public sealed class NextActionTests
{
    private static readonly Guid Run = Guid.Parse("01a2b3c4-d5e6-7f80-9a0b-1c2d3e4f5a6b");

    public static TheoryData<NextActionKind> Kinds => [.. Enum.GetValues<NextActionKind>()];

    [Fact]
    public void A_run_where_all_is_well_proposes_nothing() => Assert.Empty(Report(RunStatus.Succeeded).NextActions);

    [Theory]
    [InlineData(RunKind.Resync, RunStatus.Failed, "resume")]
    [InlineData(RunKind.Resync, RunStatus.Cancelled, "resume")]
    [InlineData(RunKind.Incremental, RunStatus.Failed, "")]
    [InlineData(RunKind.Resync, RunStatus.Running, "")]
    public void Only_a_resync_that_stopped_is_resumed(RunKind kind, RunStatus status, string expected) =>
        Assert.Equal(expected, Words((Report(status) with { Kind = kind }).NextActions));

    [Fact]
    public void Each_finding_has_its_action_and_the_gravest_comes_first()
    {
        var report = Report(RunStatus.Partial) with
        {
            Entities =
            [
                new EntityReport { Name = "agent", Level = 0, Rejected = 1, Conflicts = 2 },
                new EntityReport { Name = "user", Level = 1, MissingLinks = 1, NotInBubble = 3 },
            ],
            Patches = [new PatchReport("010-broken", PatchStatus.Failed, 0, "no such column")],
        };

        Assert.Equal("fix-patch:010-broken show-rejects reprocess show-conflicts force-resync:agent audit-links prune-soft:user", Words(report.NextActions));
        Assert.Equal("", Words((report with { DryRun = true }).NextActions));
    }

    [Theory]
    [InlineData(ErrorCode.PruneRefused, "")]
    [InlineData(ErrorCode.TooManyGone, "")]
    [InlineData(ErrorCode.Unproved, "prune-soft:user")]
    [InlineData(ErrorCode.TokenRefused, "doctor")]
    [InlineData(ErrorCode.ConstraintIgnored, "doctor")]
    public void A_code_decides_and_a_lost_right_proposes_no_prune(ErrorCode code, string expected)
    {
        var report = Report(RunStatus.Partial) with
        {
            Entities = [new EntityReport { Name = "user", Level = 1, NotInBubble = 3 }],
            Errors = [new SyncError(SyncStage.Load, "user", null, null, code, "why")],
        };

        Assert.Equal(expected, Words(report.NextActions));
    }

    [Fact]
    public void An_entity_whose_constraints_Bubble_ignores_is_not_read_again()
    {
        var unverified = new EntityProof(false, 9, 9, 1, 0, 9, 9, "", "", ["why"]);
        var report = Report(RunStatus.Partial) with
        {
            Entities =
            [
                new EntityReport { Name = "agent", Level = 0, Conflicts = 1, Proof = unverified with { IsConstraintIgnored = true } },
                new EntityReport { Name = "user", Level = 1, Proof = unverified },
            ],
            Errors =
            [
                new SyncError(SyncStage.Extract, "agent", null, null, ErrorCode.ConstraintIgnored, "why"),
                new SyncError(SyncStage.Extract, "user", null, null, ErrorCode.Unproved, "why"),
            ],
        };

        Assert.Equal("doctor resync-entities:user show-conflicts", Words(report.NextActions));
    }

    [Fact]
    public void A_comparison_whose_constraints_Bubble_ignores_proposes_doctor_alone()
    {
        var run = Report(RunStatus.Partial) with
        {
            Kind = RunKind.Verify,
            Errors = [new SyncError(SyncStage.Extract, "agent", null, null, ErrorCode.ConstraintIgnored, "why")],
        };
        var report = new VerifyReport(false, Run, [new VerifiedEntity("agent", 9, 5, 1, 1, 1, 1, 1, 0, null)], [], run);

        Assert.Equal("doctor", Words(report.NextActions));
    }

    [Fact]
    public void An_error_is_printed_with_the_command_of_its_action()
    {
        var error = new SyncError(SyncStage.Settings, null, null, null, ErrorCode.NoWatermark, "There is nothing to start from. Run a resync of these entities first.");

        Assert.Equal(error.Message, NextSteps.Text(error));
        Assert.Equal(
            $"{error.Message} Next: bubblesync resync --entity agent --entity user",
            NextSteps.Text(error with { Next = new NextAction(NextActionKind.ResyncEntities) { Entities = ["agent", "user"] } }));
    }

    [Fact]
    public void Next_actions_are_in_no_JSON() =>
        Assert.DoesNotContain("nextActions", Report(RunStatus.Failed).ToJson(), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_action_has_a_command(NextActionKind kind) =>
        Assert.StartsWith("bubblesync ", NextSteps.Command(new NextAction(kind, "why") { Entities = ["agent"], RunId = Run, PatchName = "010-a" }), StringComparison.Ordinal);

    private static RunReport Report(RunStatus status) =>
        new() { RunId = Run, Kind = RunKind.Resync, Status = status, StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = DateTimeOffset.UnixEpoch };

    private static string Words(IEnumerable<NextAction> actions) =>
        string.Join(' ', actions.Select(a => string.Join(':', [Word.Of(a.Kind), .. a.Entities, .. new[] { a.PatchName }.OfType<string>()])));
}
