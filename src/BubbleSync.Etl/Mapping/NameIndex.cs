using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Mapping;

/// <summary>
/// Returns for a name in a record the slots that it fills; a column takes the first of its slots that has a value.
/// Order of a column's slots: each source's first name, its other names; then the next source. Only the exact name fills a slot.
/// </summary>
internal sealed class NameIndex
{
    private readonly Dictionary<string, List<int>> _slots = [];

    /// <summary>Creates the slots of every column of <paramref name="plan"/>.</summary>
    public NameIndex(EntityPlan plan)
        : this(plan.Columns.Select(column => column.Sources))
    {
    }

    /// <summary>Creates the slots of every column, given its sources.</summary>
    public NameIndex(IEnumerable<IReadOnlyList<SourceField>> columns)
    {
        ColumnSlots = [.. columns.Select(sources => sources.SelectMany(s => s.OtherNames.Prepend(s.Name)).Select(Add).ToArray())];
        (IdSlot, CreatedSlot, ModifiedSlot) = (Add(BubbleField.Id), Add(BubbleField.Created), Add(BubbleField.Modified));
    }

    /// <summary>How many slots a record fills at most.</summary>
    public int SlotCount { get; private set; }

    /// <summary>The slots of each column by its ordinal, first choice first.</summary>
    public int[][] ColumnSlots { get; }

    /// <summary>The slot of the record's own id.</summary>
    public int IdSlot { get; }

    /// <summary>The slot of the record's Created Date.</summary>
    public int CreatedSlot { get; }

    /// <summary>The slot of the record's Modified Date.</summary>
    public int ModifiedSlot { get; }

    /// <summary>The slots that a record's name fills; none where no field reads it.</summary>
    public int[] Find(string name) => _slots.TryGetValue(name, out var slots) ? [.. slots] : [];

    private int Add(string name)
    {
        if (!_slots.TryGetValue(name, out var slots))
            _slots[name] = slots = [];
        slots.Add(SlotCount);
        return SlotCount++;
    }
}
