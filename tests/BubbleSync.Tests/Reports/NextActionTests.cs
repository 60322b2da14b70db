using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary>What a report proposes to do next.</summary>
public sealed class NextActionTests
{
    private static readonly Guid Run = Guid.Parse("01a2b3c4-d5e6-7f80-9a0b-1c2d3e4f5a6b");

    private static NextSteps Next => NextSteps.Of(new RootCommand().Parse(""));

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

    [Fact]
    public void A_first_look_that_stopped_has_one_next_step()
    {
        var stopped = Report(RunStatus.Cancelled) with { MostRecords = 5 };

        Assert.Equal("begins the same first look again", Assert.Single(stopped.NextActions).Why);
        Assert.Equal("resync-entities", Words((stopped with { Status = RunStatus.Succeeded }).NextActions));
    }

    [Fact]
    public void Missing_targets_are_first_asked_for_and_then_fetched_many_at_once()
    {
        MissingLink[] links =
        [
            .. Enumerable.Range(1, 60).Select(n => new MissingLink(
                "customer", "linked_agent", "agent", $"{n}", 1, new NextAction(NextActionKind.SyncRecords) { Entities = ["agent"], BubbleIds = [$"{n}"] })),
            new("invoice", "linked_agent", "agent", "60", 1, new NextAction(NextActionKind.SyncRecords) { Entities = ["agent"], BubbleIds = ["60"] }),
            new("invoice", "linked_customer", "customer", "70", 1),
        ];
        var asked = new LinkAuditReport([new MissingLinkCount("customer", "linked_agent", "agent", 60, 60, 60)], links, []);
        var notAsked = new LinkAuditReport([asked.Columns[0] with { InBubble = null }], [links[^1]], []);

        Assert.Equal("audit-links", Words(notAsked.NextActions));
        Assert.Empty((asked with { Columns = [], Links = [] }).NextActions);
        Assert.Equal([50, 10], asked.NextActions.Select(a => a.BubbleIds.Count));
        Assert.All(asked.NextActions, a => Assert.Equal((NextActionKind.SyncRecords, "agent"), (a.Kind, a.Entities.Single())));
    }

    [Fact]
    public void Only_a_field_that_is_kept_nowhere_leads_to_the_audit_of_the_schema()
    {
        static FieldAuditReport Audit(FieldStatus status, string column, bool ignored = false) => new(
            [new FieldAuditRow("agent", "Bank", column, "text", status, 1, 1, 0, 0, 1, []) { Ignored = ignored }],
            [], new FieldCoverage("all", 1, 1, 0, 0, 0, null), []);

        Assert.Equal("audit-schema", Words(Audit(FieldStatus.Unmapped, "").NextActions));
        Assert.Empty(Audit(FieldStatus.Unmapped, "extra").NextActions);
        Assert.Empty(Audit(FieldStatus.Unmapped, "", ignored: true).NextActions);
        Assert.Empty(Audit(FieldStatus.Mapped, "bank").NextActions);
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

    [Theory]
    [InlineData(RunKind.Incremental, "force-resync:agent resync-entities:user")]
    [InlineData(RunKind.Resync, "force-resync:agent resync-entities:user")]
    public void Records_that_are_older_in_Bubble_are_taken_by_force(RunKind kind, string expected)
    {
        var unverified = new EntityProof(false, 9, 9, 1, 0, 9, 9, "", "", ["why"]);
        var report = Report(RunStatus.Partial) with
        {
            Kind = kind,
            Entities = [new EntityReport { Name = "agent", Level = 0, Proof = unverified }, new EntityReport { Name = "user", Level = 1, Proof = unverified }],
            Errors = [new SyncError(SyncStage.Extract, "agent", null, null, ErrorCode.OlderInBubble, "why")],
        };

        Assert.Equal(expected, Words(report.NextActions));
    }

    [Fact]
    public void What_a_run_left_out_refused_to_clear_or_kept_has_its_action()
    {
        var report = Report(RunStatus.Partial) with
        {
            Kind = RunKind.SyncRange,
            Entities =
            [
                new EntityReport { Name = "agent", Level = 0, MayLackRecords = true },
                new EntityReport { Name = "user", Level = 1, ClearRefused = [new ClearRefusal("a", "A", 9, 9)] },
                new EntityReport { Name = "payment", Level = 2, AbsentKept = 1 },
            ],
        };

        Assert.Equal("resync-entities:agent verify:user verify-strictly:payment", Words(report.NextActions));
    }

    [Theory]
    [InlineData(RunKind.Resync, "resume")]
    [InlineData(RunKind.Incremental, "")]
    public void A_resync_whose_process_ended_is_resumed(RunKind kind, string expected) =>
        Assert.Equal(expected, Words((Report(RunStatus.Running) with { Kind = kind, Died = true }).NextActions));

    [Theory]
    [InlineData(2, false, "scaffold --type \"type 1\" --type \"type 2\"", "schema apply")]
    [InlineData(6, false, "scaffold --all", "schema apply")]
    [InlineData(1, true, "scaffold --type \"type 1\"")]
    public void An_audit_of_the_schema_proposes_maps_and_tables(int types, bool isApplied, params string[] expected)
    {
        var findings = Enumerable.Range(1, types).Select(n => new SchemaFinding("", $"type {n}", "", "", "", SchemaFindingKind.TypeUnmapped, "why", null))
            .Append(new SchemaFinding("agent", "agent", "", "", "", SchemaFindingKind.TableMissing, "why", null)).ToList();
        var report = new SchemaAuditReport(SchemaSource.Meta, [], findings, "", isApplied ? 1 : 0, []);

        Assert.Equal(expected.Select(e => $"bubblesync {e}"), report.NextActions.Select(Next.Command));
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
    public void What_a_backfill_rejects_is_filled_by_another_one_and_by_no_reprocessing()
    {
        var report = Report(RunStatus.Partial) with
        {
            Backfill = true,
            Entities = [new EntityReport { Name = "agent", Level = 0, Rejected = 1, Unfilled = ["size"] }],
        };

        Assert.Equal("show-rejects backfill:agent", Words(report.NextActions));
        Assert.Equal("show-rejects backfill:agent", Words(RunReport.Parse(report.ToJson()).NextActions));
        Assert.Equal("show-rejects reprocess backfill:agent", Words((report with { Backfill = false }).NextActions));
    }

    [Fact]
    public void An_error_is_printed_with_the_command_of_its_action()
    {
        var error = new SyncError(
            SyncStage.Settings, null, null, null, ErrorCode.NoWatermark, "There is nothing to start from. Run a resync of these entities first.");

        Assert.Equal(error.Message, Next.Text(error));
        Assert.Equal(
            $"{error.Message} Next: bubblesync resync --entity agent --entity user",
            Next.Text(error with { Next = new NextAction(NextActionKind.ResyncEntities) { Entities = ["agent", "user"] } }));
    }

    [Fact]
    public void Next_actions_are_in_no_JSON() =>
        Assert.DoesNotContain("nextActions", Report(RunStatus.Failed).ToJson(), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_action_has_a_command(NextActionKind kind) =>
        Assert.StartsWith(
            "bubblesync ", Next.Command(new NextAction(kind, "why") { Entities = ["agent"], RunId = Run, PatchName = "010-a", BubbleIds = ["1x2"] }),
            StringComparison.Ordinal);

    private static RunReport Report(RunStatus status) =>
        new() { RunId = Run, Kind = RunKind.Resync, Status = status, StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = DateTimeOffset.UnixEpoch };

    private static string Words(IEnumerable<NextAction> actions) =>
        string.Join(' ', actions.Select(a => string.Join(':', [Word.Of(a.Kind), .. a.Entities, .. new[] { a.PatchName }.OfType<string>()])));
}
