using System.Buffers;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Simulator;

namespace BubbleSync.Benchmarks;

/// <summary>Pages of a hundred records as the simulator makes them, and a plan for them without a database.</summary>
internal static class PageSource
{
    /// <summary>Records of a page.</summary>
    public const int Size = 100;

    // So many that there are a hundred agents, of which there are least.
    private const int Invoices = 2500;

    // Pages are many to a reading, which gathers what they hold.
    private static readonly WindowReading Reading = new(new Window(WindowKind.Undated, null, null), 1);

    /// <summary>The body of a page.</summary>
    public static async Task<byte[]> BodyAsync(string type) => (await BodiesAsync(type, Invoices))[0];

    /// <summary>The bodies of all pages of a type.</summary>
    public static async Task<IReadOnlyList<byte[]>> BodiesAsync(string type, int invoices)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = invoices }, CancellationToken.None);
        return [.. simulator.Records.All(type).Chunk(Size).Select(Body)];
    }

    /// <summary>A page over a rented copy of a body, as the client makes it.</summary>
    public static PageRead Page(byte[] body) => Page(body, Reading, 1);

    /// <summary>The same, as a part of a reading.</summary>
    public static PageRead Page(byte[] body, WindowReading reading, long order)
    {
        var rented = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(rented, 0);
        return new PageRead(reading, RawPage.Parse(rented, body.Length, null), order);
    }

    /// <summary>The plan of an entity over a table that has just what the map asks for.</summary>
    public static EntityPlan Plan(string entity)
    {
        var map = EntityMapReader.Read(Path.Combine(AppContext.BaseDirectory, "config", "entities")).Single(m => m.Name == entity);
        var columns = map.Fields
            .Select(f => (f.Column, ColumnStorage.ColumnsFor(FieldType.All[f.Type])[f.Type == "integer" ? 1 : 0]))
            .Concat(Clocks.Own.Select(c => (c, "timestamp with time zone")));
        var table = new TableInfo(
            map.Table, columns.ToDictionary(c => c.Item1, c => new ColumnInfo(c.Item1, c.Item2, c.Item2, null, null, null, false, false, null)),
            new HashSet<string> { map.Key }, Array.Empty<ForeignKeyInfo>().ToLookup(_ => ""), []);
        return PlanCompiler.Compile([map], new Catalogue("public", new Dictionary<string, TableInfo> { [map.Table] = table }), []).ThrowIfInvalid().Entities[0];
    }

    /// <summary>The body of a page of these records.</summary>
    public static byte[] Body(string[] records) =>
        Encoding.UTF8.GetBytes($$$"""{"response":{"cursor":0,"results":[{{{string.Join(",", records)}}}],"count":{{{records.Length}}},"remaining":0}}""");
}
