using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of a run, as printed with <c>--output json</c> and kept in <c>bubblesync.run</c>.</summary>
public sealed record RunReport
{
    /// <summary>The run's id; null where it stopped before there was one.</summary>
    public required Guid? RunId { get; init; }

    /// <summary>What it does.</summary>
    public required RunKind Kind { get; init; }

    /// <summary>The place that it wrote or compared; null where it had none, or an earlier version did not record it.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>How it ended.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Whether everything was rolled back at the end, so that the counts are what would be.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether it only filled columns that rows lacked. What it rejected has its row, without the value. In the JSON only where true.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Backfill { get; init; }

    /// <summary>The most records of each entity that it read, the newest by Created Date; left out where it read all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MostRecords { get; init; }

    /// <summary>When it began; of a resumed run, when this attempt at it did.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>How long it took.</summary>
    public long DurationMs => FinishedAt.ToUnixTimeMilliseconds() - StartedAt.ToUnixTimeMilliseconds();

    /// <summary>What was asked of the Data API; of a resumed run, in all attempts.</summary>
    public ApiCounts Api { get; init; } = new(0, 0, 0, 0);

    /// <summary>
    /// Records read, those read twice counted twice; of a resumed run, in this attempt, while <see cref="Entities"/> tell of all attempts. Null where the run
    /// has no result.
    /// </summary>
    public long? Read { get; init; }

    /// <summary>The entities in merge order.</summary>
    public IReadOnlyList<EntityReport> Entities { get; init; } = [];

    /// <summary>The patches in order.</summary>
    public IReadOnlyList<PatchReport> Patches { get; init; } = [];

    /// <summary>What a user should know though nothing is wrong: conflicts, missing links, odd values.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What went wrong; of each entity the first hundred fields that did not convert, all of which are in <c>bubblesync.rejected_record</c>.</summary>
    public IReadOnlyList<SyncError> Errors { get; init; } = [];

    /// <summary>The result of a comparison, in words such as <c>10 records differ</c>; left out where nothing was compared.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Conclusion { get; init; }

    /// <summary>What ended the run early, with the exception behind it; null where it went to its end. In no JSON.</summary>
    [JsonIgnore]
    public SyncException? Failure { get; init; }

    /// <summary>Whether the run is recorded as running though its process has ended; left out where not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Died { get; init; }

    /// <summary>What to do now, the gravest first; none where all is well. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => Reports.NextActions.After(this);

    /// <summary>The result as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>Reads such a document, which an earlier version may have written: what it lacks is empty.</summary>
    internal static RunReport Parse(string json) =>
        ReportJson.Read(json, new RunReport { RunId = null, Kind = default, Status = default, StartedAt = default, FinishedAt = default });
}

/// <summary>What came of one entity. Extracted = inserted + updated + unchanged + conflicts + rejected.</summary>
public sealed record EntityReport
{
    /// <summary>The entity.</summary>
    public required string Name { get; init; }

    /// <summary>Its merge level.</summary>
    public required int Level { get; init; }

    /// <summary>Records as Bubble counted them before reading; null where it did not say.</summary>
    public long? Expected { get; init; }

    /// <summary>Different records read.</summary>
    public long Extracted { get; init; }

    /// <summary>Records staged, those read twice counted twice.</summary>
    public long Staged { get; init; }

    /// <summary>Rows that are new.</summary>
    public long Inserted { get; init; }

    /// <summary>Rows that changed.</summary>
    public long Updated { get; init; }

    /// <summary>Records whose row was not touched, because it is the same or newer.</summary>
    public long Unchanged { get; init; }

    /// <summary>Records whose row was edited locally since, and was kept.</summary>
    public long Conflicts { get; init; }

    /// <summary>Records that could not be mapped, and were not loaded.</summary>
    public long Rejected { get; init; }

    /// <summary>Different link targets that no table has.</summary>
    public long MissingLinks { get; init; }

    /// <summary>Rows with ids of Bubble's form that Bubble no longer has.</summary>
    public long NotInBubble { get; init; }

    /// <summary>Rows pruned.</summary>
    public long Pruned { get; init; }

    /// <summary>Of <see cref="NotInBubble"/>, rows that are neither deleted nor marked now; null where they were not listed. In no JSON.</summary>
    [JsonIgnore]
    public long? Unpruned { get; init; }

    /// <summary>
    /// Values of the records read that are kept here though Bubble no longer sends them: the record does not carry the field, and its column, which is no
    /// link, holds another value than its default.
    /// </summary>
    public long AbsentKept { get; init; }

    /// <summary>The same of links. Many of them were filled in by patches and never came from Bubble.</summary>
    public long AbsentKeptLinks { get; init; }

    /// <summary>
    /// Columns with <c>"absent": "clear"</c> that were left as they are, because too many of their values would have gone; left out where there is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClearRefusal>? ClearRefused { get; init; }

    /// <summary>
    /// Columns that the map gained since all rows had their values: rows that did not change in Bubble since lack them until a backfill. Left out where there
    /// is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Unfilled { get; init; }

    /// <summary>
    /// Columns in which rows may hold values that their line does not give, because the line became another one, or because a backfill kept them: they stay
    /// until a forced resync. Left out where there is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Outdated { get; init; }

    /// <summary>
    /// Whether the run left out records of the entity, or may have, that a resync of it reads: a list that was not searched for each record, or a rejected
    /// record that was not kept as Bubble sent it. Left out where not.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool MayLackRecords { get; init; }

    /// <summary>From the first request to the end of the merge.</summary>
    public long DurationMs { get; init; }

    /// <summary>Of <see cref="DurationMs"/>, the merge at its end; left out where there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long MergeMs { get; init; }

    /// <summary>What shows that the extraction is complete, or why it is not.</summary>
    public EntityProof? Proof { get; init; }
}

/// <summary>A column that an absent field clears, and that was left as it is.</summary>
/// <param name="Column">The column.</param>
/// <param name="Field">The Bubble field it is read from.</param>
/// <param name="Emptied">Rows whose value would have gone.</param>
/// <param name="Values">Rows of the table that have a value in the column.</param>
public sealed record ClearRefusal(string Column, string Field, long Emptied, long Values);

/// <summary>The verification that the extraction of one entity is complete.</summary>
/// <param name="IsComplete">Whether every record of Bubble was read: every window is verified, and the windows add up.</param>
/// <param name="CountedBefore">Records of the whole type as Bubble counted them before reading.</param>
/// <param name="CountedAfter">The same, after reading.</param>
/// <param name="Windows">Windows of the history; the catch-up pass is none of them.</param>
/// <param name="Rereads">Readings that were discarded because they were not verified.</param>
/// <param name="Read">Rows received in the windows that count.</param>
/// <param name="Staged">Rows staged.</param>
/// <param name="ChecksumRead">
/// A checksum of what the rows held as they were mapped, each record once, in any order: the same data and maps give the same one in every run; 16 hexadecimal
/// digits.
/// </param>
/// <param name="ChecksumStored">The same of the rows as PostgreSQL gave them back from staging; the run fails where the two differ.</param>
/// <param name="Issues">The issues that keep the extraction from being verified; none if it is complete, or if no verification was possible.</param>
public sealed record EntityProof(
    bool IsComplete, long? CountedBefore, long? CountedAfter, int Windows, int Rereads, long Read, long Staged,
    string ChecksumRead, string ChecksumStored, [property: JsonPropertyName("doubts")] IReadOnlyList<string> Issues)
{
    /// <summary>The part that was to be read, if not everything was to be read, so that nothing was verified; else null.</summary>
    public string? Part { get; init; }

    /// <summary>
    /// Records that are here, counted to compare with <see cref="CountedAfter"/>: rows, what this run read, and rejected records that are kept. Null where a
    /// run compares no counts.
    /// </summary>
    public long? CountedHere { get; init; }

    /// <summary>Whether Bubble did not apply a search constraint, as happens with a token that is no admin token; left out where it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsConstraintIgnored { get; init; }
}
