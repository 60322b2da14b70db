namespace BubbleSync.Etl.Plan;

/// <summary>
/// Answers, for a name in a record, which slots it fills; a column then takes the first of its slots that holds something.
/// Order of a column's slots: each source's exact name, its other names, its normalised name; then the next source.
/// </summary>
internal sealed class NameIndex
{
    private readonly Dictionary<string, List<int>> _exact = [];
    private readonly Dictionary<string, List<int>> _normalised = [];

    /// <summary>Gives every column of <paramref name="plan"/> its slots.</summary>
    public NameIndex(EntityPlan plan)
        : this(plan.Columns.Select(column => column.Sources))
    {
    }

    /// <summary>Gives every column, of which these are the sources, its slots.</summary>
    public NameIndex(IEnumerable<IReadOnlyList<SourceField>> columns)
    {
        ColumnSlots = [.. columns.Select(sources => sources.SelectMany(AddSource).ToArray())];
        foreach (var (name, slot) in new[] { (BubbleField.Id, IdSlot = SlotCount++), (BubbleField.Created, CreatedSlot = SlotCount++), (BubbleField.Modified, ModifiedSlot = SlotCount++) })
            Slots(_exact, name).Add(slot);
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

    /// <summary>The slots that a record's name fills; none where no field reads it. A name that some field lists is never taken by another through normalising.</summary>
    public int[] Find(string name) =>
        _exact.TryGetValue(name, out var slots) || _normalised.TryGetValue(FieldName.Normalise(name), out slots) ? [.. slots] : [];

    private IEnumerable<int> AddSource(SourceField source)
    {
        foreach (var name in source.OtherNames.Prepend(source.Name))
            yield return Add(_exact, name);
        yield return Add(_normalised, FieldName.Normalise(source.Name));
    }

    private int Add(Dictionary<string, List<int>> index, string name)
    {
        Slots(index, name).Add(SlotCount);
        return SlotCount++;
    }

    private static List<int> Slots(Dictionary<string, List<int>> index, string name) =>
        index.TryGetValue(name, out var slots) ? slots : index[name] = [];
}
