using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Searching;

/// <summary>
/// What the conditions of a search say about Created Date and id, as half-open bounds; <see cref="IsExact"/> when they say nothing else.
/// </summary>
internal sealed class SearchBounds
{
    private SearchBounds(IEnumerable<Condition> conditions)
    {
        foreach (var condition in conditions)
            IsExact &= Narrow(condition);
    }

    public long CreatedFrom { get; private set; }

    public long CreatedTo { get; private set; } = StoredRecord.Undated;

    public bool OnlyUndated { get; private set; }

    public bool WithUndated { get; private set; } = true;

    public string? IdAbove { get; private set; }

    public string? IdBelow { get; private set; }

    public IReadOnlyList<string>? Ids { get; private set; }

    public bool HasIdBounds => IdAbove is not null || IdBelow is not null;

    /// <summary>No generated record can match.</summary>
    public bool NoneGenerated { get; private set; }

    public bool IsExact { get; private set; } = true;

    public static SearchBounds Of(Search search) => new(search.Conditions);

    /// <summary>The generated records within the bounds: first index and one past the last.</summary>
    public (long From, long To) Range(Timeline timeline)
    {
        if (OnlyUndated)
            return (timeline.Count, timeline.Count);

        var from = Math.Max(timeline.CountBefore(CreatedFrom), IdAbove is null ? 0 : timeline.CountBeforeId(IdAbove + "\0"));
        var to = Math.Min(timeline.CountBefore(CreatedTo), IdBelow is null ? timeline.Count : timeline.CountBeforeId(IdBelow));
        return (from, Math.Max(from, to));
    }

    private bool Narrow(Condition condition) => condition.Field.Name switch
    {
        "Created Date" => NarrowCreated(condition),
        "_id" => NarrowId(condition),
        "Modified Date" => NarrowModified(condition),
        _ => false,
    };

    private bool NarrowCreated(Condition condition)
    {
        switch (condition.Type)
        {
            case "greater than":
                Between((long)condition.Operands[0] + 1, CreatedTo);
                return true;
            case "less than":
                Between(CreatedFrom, (long)condition.Operands[0]);
                return true;
            case "equals":
                Between((long)condition.Operands[0], (long)condition.Operands[0] + 1);
                return true;
            case "is_not_empty":
                WithUndated = false;
                return true;
            case "is_empty":
                OnlyUndated = true;
                return true;
            default:
                return false;
        }
    }

    private bool NarrowId(Condition condition)
    {
        switch (condition.Type)
        {
            case "greater than":
                IdAbove = Later(IdAbove, (string)condition.Operands[0]);
                return true;
            case "less than":
                IdBelow = IdBelow is null || string.CompareOrdinal((string)condition.Operands[0], IdBelow) < 0 ? (string)condition.Operands[0] : IdBelow;
                return true;
            case "equals" or "in":
                Ids = [.. condition.Operands.Cast<string>().Distinct()];
                return false;
            default:
                return false;
        }
    }

    // Nothing generated is modified at or after the end of the timeline: then only stored records can match.
    private bool NarrowModified(Condition condition)
    {
        if (condition.Type == "greater than" && (long)condition.Operands[0] >= Timeline.End - 1)
            NoneGenerated = true;
        return false;
    }

    private void Between(long from, long to)
    {
        WithUndated = false;
        CreatedFrom = Math.Max(CreatedFrom, from);
        CreatedTo = Math.Min(CreatedTo, to);
    }

    private static string Later(string? one, string other) => one is null || string.CompareOrdinal(other, one) > 0 ? other : one;
}
