using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping;

/// <summary>Says in one error which tables are missing, however many they are.</summary>
internal static class MissingTables
{
    private const int MostNames = 10;

    /// <summary>Returns the faults, those of missing tables as one.</summary>
    /// <param name="faults">All faults.</param>
    /// <param name="schema">The target's schema.</param>
    /// <param name="isNew">Whether no table of any map exists.</param>
    /// <param name="entities">The entities that were named; none for all.</param>
    public static IReadOnlyList<SyncError> AsOne(IReadOnlyList<SyncError> faults, string schema, bool isNew, IReadOnlyCollection<string> entities)
    {
        var missing = faults.Where(f => f.Code == ErrorCode.TableMissing).ToList();
        if (missing.Count == 0 || (missing.Count == 1 && !isNew))
            return faults;

        var names = missing.Select(f => f.Entity!).ToList();
        var more = names.Count > MostNames ? Invariant($" and {names.Count - MostNames} more") : "";
        var what = isNew
            ? $"Schema '{schema}' has no table of any entity yet. A resync that creates the tables (create) makes all of them and fills them."
            : $"Schema '{schema}' lacks the tables of {string.Join(", ", names.Take(MostNames))}{more}. Apply the schema, which creates the missing tables.";
        var next = isNew ? new NextAction(NextActionKind.CreateTables) { Entities = [.. entities] } : new NextAction(NextActionKind.ApplySchema);
        return
        [
            .. faults.Where(f => f.Stage == SyncStage.Settings),
            new SyncError(SyncStage.Plan, missing.Count == 1 ? names[0] : null, null, null, ErrorCode.TableMissing, what) { Next = next },
            .. faults.Where(f => f.Stage != SyncStage.Settings && f.Code != ErrorCode.TableMissing),
        ];
    }
}
