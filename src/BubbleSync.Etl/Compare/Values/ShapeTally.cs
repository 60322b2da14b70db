namespace BubbleSync.Etl.Compare.Values;

/// <summary>A summary of any number of values: how many there were of each kind, the shortest and the longest.</summary>
internal sealed class ShapeTally
{
    private const int MostExamples = 3;

    private readonly (long Count, int Least, int Most)[] _kinds = new (long, int, int)[Enum.GetValues<ShapeKind>().Length];

    /// <summary>How many values there were.</summary>
    public long Count => _kinds.Sum(k => k.Count);

    /// <summary>How many of them hold something.</summary>
    public long Filled => Count - _kinds[(int)ShapeKind.Null].Count - _kinds[(int)ShapeKind.Blank].Count;

    /// <summary>
    /// Three shapes at most, in the order of <see cref="ShapeKind"/>: of each kind the longest, which a column must hold, and if there is room the
    /// shortest. They follow from the values alone: neither the order in which pages come nor a record that comes twice can change them, and
    /// one number among texts of many lengths is still shown.
    /// </summary>
    public IReadOnlyList<string> Examples()
    {
        var kinds = Enum.GetValues<ShapeKind>().Where(kind => _kinds[(int)kind].Count > 0).ToList();
        return
        [
            .. kinds.Select(kind => new ValueShape(kind, _kinds[(int)kind].Most)).Concat(kinds.Select(kind => new ValueShape(kind, _kinds[(int)kind].Least)))
                .Distinct().Take(MostExamples).OrderBy(s => s.Kind).ThenBy(s => s.Length).Select(s => s.ToString()),
        ];
    }

    /// <summary>Adds a value.</summary>
    public void Add(ValueShape shape) => Add((int)shape.Kind, 1, shape.Length, shape.Length);

    /// <summary>Adds the results of another tally.</summary>
    public void Add(ShapeTally other)
    {
        foreach (var (kind, (count, least, most)) in other._kinds.Index().Where(k => k.Item.Count > 0))
            Add(kind, count, least, most);
    }

    private void Add(int kind, long count, int least, int most)
    {
        var known = _kinds[kind];
        _kinds[kind] = known.Count == 0 ? (count, least, most) : (known.Count + count, Math.Min(known.Least, least), Math.Max(known.Most, most));
    }
}
