using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The state of the mirror at one look.</summary>
/// <param name="Light">The gravest light of all findings.</param>
/// <param name="At">When it was looked at.</param>
/// <param name="App">The app that the tables mirror; null where none is recorded yet.</param>
/// <param name="Entities">The entities in merge order.</param>
/// <param name="Findings">What is about no single entity.</param>
public sealed record StatusReport(
    StatusLight Light, DateTimeOffset At, string? App, IReadOnlyList<EntityStatus> Entities, IReadOnlyList<StatusFinding> Findings)
{
    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>Whether only some entities were asked for. In no JSON.</summary>
    [JsonIgnore]
    public bool IsPart { get; init; }

    /// <summary>Whether nothing needs a hand.</summary>
    public bool Success => Light != StatusLight.Act;

    /// <summary>Why Bubble did not count, each reason once.</summary>
    public IReadOnlyList<SyncError> Errors { get; init; } = [];

    /// <summary>What to do now, the gravest first; none where all is well. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => StatusActions.After(this);

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>The state of one entity.</summary>
public sealed record EntityStatus
{
    /// <summary>The entity.</summary>
    public required string Name { get; init; }

    /// <summary>The gravest light of its findings.</summary>
    public required StatusLight Light { get; init; }

    /// <summary>Rows of its table, those of the application and those marked as deleted included; null where there is no table.</summary>
    public long? Rows { get; init; }

    /// <summary>Rows that should have a record in Bubble: their ids have Bubble's form, and they are not known to be deleted there.</summary>
    public long? Expected { get; init; }

    /// <summary>Records as Bubble counts them; null where it was not asked or did not say.</summary>
    public long? InBubble { get; init; }

    /// <summary>Up to when the table is verified to match Bubble; null where no run has read it completely.</summary>
    public DateTimeOffset? Watermark { get; init; }

    /// <summary>The age of the watermark in seconds.</summary>
    public long? WatermarkAge { get; init; }

    /// <summary>The last resync or incremental sync that was to read the entity; null where there was none.</summary>
    public StatusRun? LastRun { get; init; }

    /// <summary>Records that were rejected and not loaded since.</summary>
    public long Rejected { get; init; }

    /// <summary>The run that rejected one of them last.</summary>
    public Guid? RejectedBy { get; init; }

    /// <summary>Rows that were edited both in Bubble and here, so that they were kept, and that no run has written since.</summary>
    public long Conflicts { get; init; }

    /// <summary>The run that kept one of them last.</summary>
    public Guid? KeptBy { get; init; }

    /// <summary>Different link targets that no table has now.</summary>
    public long MissingLinks { get; init; }

    /// <summary>Rows whose records the last syncs found deleted in Bubble, and that are neither marked nor deleted.</summary>
    public long NotInBubble { get; init; }

    /// <summary>Columns that the map gained, and whose values rows lack until a backfill.</summary>
    public IReadOnlyList<string> Unfilled { get; init; } = [];

    /// <summary>Columns in which rows may hold values that their line does not give, until a forced resync.</summary>
    public IReadOnlyList<string> Outdated { get; init; } = [];

    /// <summary>Mapped columns that the table lacks, or that do not fit.</summary>
    public IReadOnlyList<string> MissingColumns { get; init; } = [];

    /// <summary>Fields of the record that was modified last that no line of the map reads or ignores.</summary>
    public IReadOnlyList<string> UnreadFields { get; init; } = [];

    /// <summary>Why the light is not <c>ok</c>, the gravest first.</summary>
    public IReadOnlyList<StatusFinding> Findings { get; init; } = [];
}

/// <summary>A run in a status.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Status">How it ended.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended; null where it did not.</param>
/// <param name="Died">Whether its status says <c>running</c> though its process has ended.</param>
public sealed record StatusRun(Guid RunId, RunKind Kind, RunStatus Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, bool Died);

/// <summary>One reason why a light is not <c>ok</c>.</summary>
/// <param name="Finding">What kind of thing it is.</param>
/// <param name="Light">How grave it is.</param>
/// <param name="Message">The same in words.</param>
public sealed record StatusFinding(StatusFindingKind Finding, StatusLight Light, string Message)
{
    /// <summary>The patch that it is about; left out where it is about none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Patch { get; init; }
}

/// <summary>Watermarks that were set back.</summary>
/// <param name="Entities">The entities.</param>
public sealed record WatermarkResetReport(IReadOnlyList<WatermarkReset> Entities)
{
    /// <summary>The place of the watermarks.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>A watermark that was set back.</summary>
/// <param name="Name">The entity.</param>
/// <param name="From">What it was.</param>
/// <param name="To">What it is now.</param>
public sealed record WatermarkReset(string Name, DateTimeOffset From, DateTimeOffset To);
