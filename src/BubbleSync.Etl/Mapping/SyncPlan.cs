using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Mapping;

/// <summary>Everything that a run will write, and what is wrong with it.</summary>
/// <param name="Entities">The entities in merge order: by level, then as the files are named.</param>
/// <param name="Missing">Mapped columns that the tables lack or that do not fit, as (entity, column, fields).</param>
/// <param name="Gaps">What the database lacks or cannot hold, whether it stops a run or not, each with the statement that fixes it.</param>
/// <param name="Faults">Everything that forbids a run, all at once.</param>
/// <param name="Warnings">What a user should know but a run can bear.</param>
internal sealed record SyncPlan(
    IReadOnlyList<EntityPlan> Entities,
    IReadOnlyList<MissingColumn> Missing,
    IReadOnlyList<SchemaGap> Gaps,
    IReadOnlyList<SyncError> Faults,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The faults as a run reports them: missing tables as one.</summary>
    public IReadOnlyList<SyncError> Reported { get; init; } = Faults;

    /// <summary>The entities that have no fault.</summary>
    public IReadOnlyList<EntityPlan> Sound => [.. Entities.Where(e => Faults.All(f => f.Entity != e.Name))];

    /// <summary>
    /// Returns this plan for a caller that writes nothing: columns that the tables lack, or that do not fit, are left out; throws for other faults.
    /// </summary>
    public SyncPlan ThrowIfUnreadable() =>
        Reported.Where(f => f.Code is not (ErrorCode.ColumnMissing or ErrorCode.ColumnMisfit))
            .ToList() is { Count: > 0 } faults ? throw new SyncException(faults) : this;

    /// <summary>Returns this plan for a caller that reports the gaps of the tables itself; throws for faults of the maps.</summary>
    public SyncPlan ThrowIfMapsInvalid() =>
        Faults.Where(f => f.Stage == SyncStage.Settings).ToList() is { Count: > 0 } faults ? throw new SyncException(faults) : this;

    /// <summary>Returns this plan if it has no fault; otherwise throws with all faults.</summary>
    public SyncPlan ThrowIfInvalid() => Faults.Count == 0 ? this : throw new SyncException(Reported);
}

/// <summary>A mapped column that cannot be written.</summary>
internal sealed record MissingColumn(string Entity, string Column, string Type, IReadOnlyList<SourceField> Sources);

/// <summary>What the database lacks for a map.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Column">The column; null where it is about the whole table.</param>
/// <param name="Kind">What kind of gap it is.</param>
/// <param name="What">The gap in words.</param>
/// <param name="Ddl">The statement that closes it; null where it takes more than one.</param>
internal sealed record SchemaGap(string Entity, string? Column, SchemaFindingKind Kind, string What, string? Ddl);
