using BubbleSync.Etl;
using BubbleSync.Etl.Compare.Status;
using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Compare.Status;

/// <summary>Which light an entity has, and what is proposed then.</summary>
public sealed class StatusRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Run = Guid.Parse("01a2b3c4-d5e6-7f80-9a0b-1c2d3e4f5a6b");

    private static readonly TableSide Table = new()
    {
        Rows = 5,
        Expected = 3,
        NotInBubble = 0,
        Rejected = 0,
        RejectedWithoutRow = 0,
        RejectedBy = null,
        MissingLinks = 0,
        Lags = ColumnLags.None,
    };

    private static readonly EntityMap Agent = new() { File = "a.json", Name = "agent", BubbleType = "agent", Table = "agent", Key = "id", Fields = [] };

    private static readonly EntityFacts Well = new(Agent)
    {
        Table = Table,
        Bubble = new BubbleSide(3, [], null),
        Watermark = Now.AddHours(-1),
        LastRun = Of(RunKind.Incremental, RunStatus.Succeeded),
    };

    private static readonly Dictionary<string, EntityFacts> Facts = new()
    {
        ["well"] = Well,
        ["links"] = Well with { Table = Table with { MissingLinks = 9 } },
        ["partial"] = Well with { LastRun = Of(RunKind.Resync, RunStatus.Partial) },
        ["running"] = Well with { LastRun = Of(RunKind.Resync, RunStatus.Running) },
        ["rejects without a row count as here"] = Well with
        {
            Table = Table with { Expected = 2, Rejected = 1, RejectedWithoutRow = 1, RejectedBy = Run },
        },
        ["new in Bubble"] = Well with { Bubble = new BubbleSide(4, [], null) },
        ["gone from Bubble"] = Well with { Table = Table with { Expected = 4, NotInBubble = 1 }, Bubble = new BubbleSide(4, [], null) },
        ["many gone"] = Well with { Table = Table with { Expected = 2, NotInBubble = 1 }, Bubble = new BubbleSide(2, [], null) },
        ["restored"] = Well with { LastRun = Of(RunKind.Incremental, RunStatus.Partial), IsUnverified = true, Errors = [ErrorCode.OlderInBubble] },
        ["not cleared"] = Well with { LastRun = Of(RunKind.Resync, RunStatus.Partial), Errors = [ErrorCode.ClearRefused, ErrorCode.Rejected] },
        ["unread"] = Well with { Bubble = new BubbleSide(3, ["Shoe Size"], null) },
        ["old"] = Well with { Watermark = Now.AddHours(-25) },
        ["unfilled"] = Well with { Table = Table with { Lags = new ColumnLags(["size"], [], []) } },
        ["outdated"] = Well with { Table = Table with { Lags = new ColumnLags(["size"], ["price"], ["name"]) } },
        ["conflict"] = Well with { Table = Table with { Conflicts = 1, KeptBy = Run } },
        ["differs"] = Well with { Table = Table with { Differences = 2 } },
        ["never read"] = Well with { Watermark = null, WhyNone = "why", LastRun = null },
        ["failed resync"] = Well with { LastRun = Of(RunKind.Resync, RunStatus.Failed) },
        ["died"] = Well with { LastRun = Of(RunKind.Incremental, RunStatus.Running) with { Died = true } },
        ["unverified"] = Well with { LastRun = Of(RunKind.Resync, RunStatus.Partial), IsUnverified = true },
        ["no table"] = new EntityFacts(Agent) { Gaps = [new SchemaGap("agent", null, SchemaFindingKind.TableMissing, "why", null)] },
        ["no column"] = new EntityFacts(Agent) { Gaps = [new SchemaGap("agent", "size", SchemaFindingKind.ColumnMissing, "why", null)] },
        ["refused"] = Well with
        {
            Bubble = new BubbleSide(null, [], new SyncException(new SyncError(SyncStage.Extract, "agent", null, null, ErrorCode.TokenRefused, "why"))),
        },
    };

    [Theory]
    [InlineData("well", "ok", "", "")]
    [InlineData("links", "ok", "", "audit-links")]
    [InlineData("partial", "ok", "", "")]
    [InlineData("running", "ok", "", "")]
    [InlineData("rejects without a row count as here", "act", "rejected", "show-rejects reprocess")]
    [InlineData("new in Bubble", "look", "counts-differ", "sync-changes")]
    [InlineData("gone from Bubble", "look", "not-in-bubble", "sync-incremental")]
    [InlineData("many gone", "act", "many-gone", "doctor")]
    [InlineData("restored", "act", "older-in-bubble", "force-resync")]
    [InlineData("not cleared", "act", "run-partial", "")]
    [InlineData("unread", "look", "field-unread", "audit-schema")]
    [InlineData("old", "look", "stale", "sync-changes")]
    [InlineData("unfilled", "act", "unfilled", "backfill")]
    [InlineData("conflict", "look", "conflict", "show-conflicts")]
    [InlineData("differs", "act", "differs", "verify")]
    [InlineData("outdated", "act", "unfilled outdated not-cleared", "force-resync verify")]
    [InlineData("never read", "act", "never-read", "resync-entities")]
    [InlineData("failed resync", "act", "run-failed", "resume")]
    [InlineData("died", "act", "run-failed", "sync-changes")]
    [InlineData("unverified", "act", "unverified", "resync-entities")]
    [InlineData("no table", "act", "table-missing", "apply-schema")]
    [InlineData("no column", "act", "column-missing", "audit-schema")]
    [InlineData("refused", "act", "not-counted", "doctor")]
    public void A_light_follows_from_what_is_known_and_so_does_what_to_do(string name, string light, string findings, string actions)
    {
        var entity = new StatusRules(Now, maxAge: null).Judge(Facts[name]);

        var report = new StatusReport(entity.Light, Now, null, [entity], []);
        Assert.Equal((light, findings), (Word.Of(entity.Light), string.Join(' ', entity.Findings.Select(f => Word.Of(f.Finding)))));
        Assert.Equal(actions, string.Join(' ', report.NextActions.Select(a => Word.Of(a.Kind))));
        Assert.Equal(light != "act", report.Success);
    }

    [Theory]
    [InlineData(2, "ok")]
    [InlineData(1, "act")]
    public void An_age_that_was_named_is_a_limit(int hours, string light) =>
        Assert.Equal(light, Word.Of(new StatusRules(Now.AddMinutes(30), TimeSpan.FromHours(hours)).Judge(Well).Light));

    private static StatusRun Of(RunKind kind, RunStatus status) => new(Run, kind, status, Now.AddHours(-1), Now, Died: false);
}
