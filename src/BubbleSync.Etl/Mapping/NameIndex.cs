using System.Collections.Frozen;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Mapping;

/// <summary>
/// Returns for a name in a record the slots that it fills; a column takes the first of its slots that has a value.
/// Order of a column's slots: each source's first name, its other names; then the next source. Only the exact name fills a slot.
/// </summary>
internal sealed class NameIndex
{
    private readonly Dictionary<string, List<int>> _slots = [];
    private readonly FrozenSet<string> _ignored = FrozenSet<string>.Empty;
    private readonly FrozenSet<string> _masked = FrozenSet<string>.Empty;
    private readonly bool _keepsUnmapped;
    // By slot, the column that reads the whole field; null where only a part of it is read, or where no column has the slot.
    private readonly ColumnPlan?[] _readers = [];

    /// <summary>Creates the slots of every column of <paramref name="plan"/>.</summary>
    public NameIndex(EntityPlan plan)
        : this(plan.Columns.Select(column => column.Sources))
    {
        (_ignored, _keepsUnmapped) = (plan.Ignored, plan.Unmapped is not null);
        _masked = plan.Columns.Where(c => c.Mask is not null).SelectMany(c => c.SourceNames).ToFrozenSet(StringComparer.Ordinal);
        _readers = new ColumnPlan?[SlotCount];
        foreach (var column in plan.Columns.Where(c => c.Path.Count == 0))
        {
            foreach (var slot in ColumnSlots[column.Ordinal])
                _readers[slot] = column;
        }
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

    /// <summary>The column that reads the whole field of a slot; null where there is none.</summary>
    public ColumnPlan? ReaderOf(int slot) => _readers[slot];

    /// <summary>Whether a field of this name is neither kept nor reported.</summary>
    public bool IsIgnored(string name) => _ignored.Contains(name);

    /// <summary>Whether a field goes into the column of unmapped fields.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="slots">The slots that it fills.</param>
    public UnmappedRule RuleOf(string name, int[] slots)
    {
        // A masked field is kept nowhere, not even the rest of an object of which the map masks a part.
        if (!_keepsUnmapped || IsIgnored(name) || _masked.Contains(name))
            return UnmappedRule.Never;

        var readers = slots.Select(slot => (Slot: slot, Column: _readers[slot])).Where(r => r.Column is not null).ToList();
        return readers.Count == 0 ? UnmappedRule.Always
            : readers.Exists(r => ColumnSlots[r.Column!.Ordinal][0] == r.Slot) ? UnmappedRule.Never
            : UnmappedRule.IfLost;
    }

    private int Add(string name)
    {
        if (!_slots.TryGetValue(name, out var slots))
            _slots[name] = slots = [];
        slots.Add(SlotCount);
        return SlotCount++;
    }
}

/// <summary>When a field goes into the column of unmapped fields.</summary>
internal enum UnmappedRule
{
    /// <summary>Never: a line reads it first of its names, the map ignores it, or the map keeps no unmapped fields.</summary>
    Never,

    /// <summary>With every record: no line reads all of it.</summary>
    Always,

    /// <summary>Where it has a value and no column takes it, because another name of the same line comes first.</summary>
    IfLost,
}
