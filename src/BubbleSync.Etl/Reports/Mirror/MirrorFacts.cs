namespace BubbleSync.Etl.Reports.Mirror;

/// <summary>What the files of a report show. What may be long is streamed and read anew for each file.</summary>
internal sealed record MirrorFacts
{
    /// <summary>The counts, the run and its target.</summary>
    public required MirrorReport Report { get; init; }

    /// <summary>When the report was made.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>Writes the times.</summary>
    public required LocalTime Time { get; init; }

    /// <summary>The latest runs, newest first, for charts.</summary>
    public required IReadOnlyList<RunPoint> Trend { get; init; }

    /// <summary>The stages of the run.</summary>
    public required IReadOnlyList<EntitySpan> Timeline { get; init; }

    /// <summary>The orphaned references by column.</summary>
    public required LinkAuditReport Links { get; init; }

    /// <summary>The last audit of the fields of each entity.</summary>
    public required IReadOnlyList<KeptFieldAudit> Audits { get; init; }

    /// <summary>The result of the comparison; null if there is none.</summary>
    public required RunReport? Comparison { get; init; }

    /// <summary>Streams all runs, newest first.</summary>
    public required Func<CancellationToken, IAsyncEnumerable<RunPoint>> Runs { get; init; }

    /// <summary>Streams the fields that did not convert.</summary>
    public required Func<CancellationToken, IAsyncEnumerable<KeptReject>> Rejects { get; init; }

    /// <summary>Streams the orphaned references.</summary>
    public required Func<CancellationToken, IAsyncEnumerable<MissingLink>> Orphans { get; init; }

    /// <summary>Streams the differences.</summary>
    public required Func<CancellationToken, IAsyncEnumerable<VerifiedDifference>> Differences { get; init; }
}
