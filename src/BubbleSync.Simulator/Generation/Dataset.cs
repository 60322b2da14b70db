namespace BubbleSync.Simulator.Generation;

/// <summary>How many records of each type there are, and which index of one type belongs to which of another.</summary>
internal sealed class Dataset
{
    private readonly Timeline[] _timelines;

    public Dataset(int seed, int invoices, Func<string, long> dense)
    {
        Seed = seed;
        var isEmpty = invoices == 0 && Shapes.Generated.All(shape => dense(shape.Url) == 0);
        _timelines = [.. Shapes.Generated.Select(shape =>
            new Timeline(Mix.Key(seed, shape.Url), isEmpty ? 0 : Share(shape.Kind, invoices), dense(shape.Url)))];
    }

    public int Seed { get; }

    public Timeline this[Kind kind] => _timelines[(int)kind];

    public long Count(Kind kind) => _timelines[(int)kind].Count;

    /// <summary>The parent of a child where children are handed out in order, as evenly as they go.</summary>
    public long Parent(Kind child, long index, Kind parent) => index * Count(parent) / Count(child);

    /// <summary>The children whose <see cref="Parent"/> this is: first and one past the last.</summary>
    public (long From, long To) Children(Kind parent, long index, Kind child) => (FirstChild(parent, index, child), FirstChild(parent, index + 1, child));

    public long AgentOfCustomer(long customer) => Mix.Below(Mix.Of((ulong)Seed, customer), Count(Kind.Agent));

    private long FirstChild(Kind parent, long index, Kind child)
    {
        var parents = Count(parent);
        return ((index * Count(child)) + parents - 1) / parents;
    }

    private static long Share(Kind kind, long invoices)
    {
        var count = kind switch
        {
            Kind.Agent => invoices / 25,
            Kind.User => invoices / 20,
            Kind.Customer => invoices * 4 / 5,
            Kind.Payment => invoices * 6 / 5,
            Kind.Submission => invoices * 2 / 5,
            Kind.Item => invoices * 7 / 2,
            Kind.Registration => invoices * 9 / 10,
            _ => invoices,
        };
        return Math.Max(1, count);
    }
}
