using System.Collections.Frozen;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Mapping;

/// <summary>One entity, ready to run: every name resolved against map and catalogue.</summary>
internal sealed record EntityPlan
{
    /// <summary>
    /// Whether a stored value must reach no report where it is another than a sync would write: a row that was written before the field was masked has
    /// the value itself.
    /// </summary>
    public bool IsMasked(ColumnPlan column) => column.Mask is not null || (column.HoldsUnmapped && Columns.Any(c => c.Mask is not null));

    /// <summary>The name that commands and reports use.</summary>
    public required string Name { get; init; }

    /// <summary>The type's name in the Data API.</summary>
    public required string BubbleType { get; init; }

    /// <summary>Merges go level by level.</summary>
    public required int Level { get; init; }

    /// <summary>The target's schema.</summary>
    public required string Schema { get; init; }

    /// <summary>The table as the database has it.</summary>
    public required TableInfo Target { get; init; }

    /// <summary>The columns that are written, in row order.</summary>
    public required IReadOnlyList<ColumnPlan> Columns { get; init; }

    /// <summary>The key's name.</summary>
    public required string KeyName { get; init; }

    /// <summary>Names of Bubble fields that are neither kept nor reported.</summary>
    public FrozenSet<string> Ignored { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The tables of all entities that the maps name.</summary>
    public IReadOnlyList<MirroredTable> Mirror { get; init; } = [];

    /// <summary>The entity's own table.</summary>
    public MirroredTable OwnTable => new(Name, Schema, Target, KeyName);

    /// <summary>Whether a unique index guards the key already.</summary>
    public bool HasUniqueKey => Target.UniqueColumns.Contains(KeyName);

    /// <summary>The column that holds Bubble's <c>_id</c>.</summary>
    public ColumnPlan Key => Columns.First(c => c.Name == KeyName);

    /// <summary>The column that holds Bubble's Modified Date, which decides what is new.</summary>
    public ColumnPlan Modified => Columns.First(c => c.Name == Clocks.Modified);

    /// <summary>The column that holds the fields that no line reads; null where the map names none.</summary>
    public ColumnPlan? Unmapped => Columns.FirstOrDefault(c => c.HoldsUnmapped);

    /// <summary>Whether the map only keeps fields unmapped, beside those that every record has: then it is no fault that no line finds its field.</summary>
    public bool KeepsOnlyUnmapped { get; init; }

    /// <summary>The columns that name records of other entities.</summary>
    public IEnumerable<ColumnPlan> Links => Columns.Where(c => c.Relations.Count > 0);

    /// <summary>The columns that a backfill fills where they are NULL, and nothing else is written; null where records are merged.</summary>
    public Backfill? Backfill { get; init; }

    /// <summary>Returns the same plan, in which absent fields leave these columns as they are.</summary>
    public EntityPlan Keeping(IEnumerable<string> columns) => this with
    {
        Columns = [.. Columns.Select(c => columns.Contains(c.Name) ? c with { AbsentClears = false } : c)],
    };

    /// <summary>
    /// Returns the same plan, in which absent fields clear these columns, because their values may be those of another line. What patches fill stays.
    /// </summary>
    public EntityPlan Clearing(IReadOnlyList<string> columns) => columns.Count == 0 ? this : this with
    {
        Columns = [.. Columns.Select(c => columns.Contains(c.Name) && c is { IsRequired: false, IsCompleted: false, Relations: [] }
            ? c with { AbsentClears = true, AsMapped = c }
            : c)],
    };

    /// <summary>The quoted target table.</summary>
    public string Table => Identifier.Quote(Schema, Target.Name);
}

/// <summary>What a backfill fills.</summary>
/// <param name="Columns">The columns that the map gained since all rows had their values.</param>
/// <param name="Spared">
/// Those of them that are left as they are in rows that were edited here, because the edit may have emptied them: the map had them before, or it is not known
/// since when it has them.
/// </param>
internal sealed record Backfill(IReadOnlyList<string> Columns, IReadOnlyList<string> Spared)
{
    /// <summary>The columns, also of those that are not filled, in which rows may hold values that their line does not give.</summary>
    public IReadOnlyList<string> Outdated { get; init; } = [];

    /// <summary>Whether the column of unmapped fields keeps all that is to be filled, so that Bubble need not be asked.</summary>
    public bool IsKept { get; init; }
}

/// <summary>The columns of the clocks (DOMAIN 8: each says when something else happened).</summary>
internal static class Clocks
{
    /// <summary>Bubble's Modified Date, written only by a sync.</summary>
    public const string Modified = "modified_date";

    /// <summary>When the record was created; set once, at insert.</summary>
    public const string CreatedAt = "created_at";

    /// <summary>The last change by anyone.</summary>
    public const string UpdatedAt = "updated_at";

    /// <summary>When a sync wrote the row.</summary>
    public const string SyncedAt = "last_synced_at";

    /// <summary>The clocks that a target table must have beside its mapped columns.</summary>
    public static readonly string[] Own = [CreatedAt, UpdatedAt, SyncedAt];

    /// <summary>All columns in which a sync notes when something happened, whether or not a map names them. A table may lack the mark of deletion.</summary>
    public static readonly string[] All = [Modified, .. Own, DeletionMark.Name];
}

/// <summary>The names of Bubble's own fields, the same in every type.</summary>
internal static class BubbleField
{
    /// <summary>The record's id.</summary>
    public const string Id = "_id";

    /// <summary>When the record was made; never changes.</summary>
    public const string Created = "Created Date";

    /// <summary>When the record was last changed.</summary>
    public const string Modified = "Modified Date";

    /// <summary>The user who made the record, or a literal.</summary>
    public const string CreatedBy = "Created By";

    /// <summary>The fields that every record has, whatever its type.</summary>
    public static readonly string[] All = [Id, Created, Modified, CreatedBy, "Slug"];
}
