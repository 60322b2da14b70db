using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Benchmarks;

/// <summary>What a page costs from bytes to COPY rows, beside the plain way: a dictionary of objects for each record.</summary>
[MemoryDiagnoser]
public class RecordMapperBenchmarks
{
    private byte[] _body = [];
    private EntityPlan _plan = null!;
    private RecordMapper _mapper = null!;

    [Params("invoice", "invoice_item", "seda_registration")]
    public string Entity { get; set; } = "invoice";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _body = await PageSource.BodyAsync(Entity);
        _plan = PageSource.Plan(Entity);
        _mapper = new RecordMapper(_plan);
        using var batch = _mapper.Map(PageSource.Page(_body)).Batch;
        if (batch.RowCount != 100 || batch.Rejects.Count != 0 || Plain() != 100)
            throw new InvalidOperationException("The page was not mapped as a whole: the numbers would mean nothing.");
    }

    [Benchmark]
    public int Map()
    {
        using var batch = _mapper.Map(PageSource.Page(_body)).Batch;
        return batch.Rows.Length;
    }

    [Benchmark]
    public int ParseOnly()
    {
        using var page = PageSource.Page(_body).Page;
        return page.Count;
    }

    [Benchmark(Baseline = true)]
    public int Plain()
    {
        var rows = new List<Dictionary<string, object?>>();
        using var document = JsonDocument.Parse(_body);
        foreach (var record in document.RootElement.GetProperty("response").GetProperty("results").EnumerateArray())
        {
            var row = new Dictionary<string, object?>();
            foreach (var column in _plan.Columns)
                row[column.Name] = record.TryGetProperty(column.Field, out var value) ? Convert(value, column.Type.Shape) : null;
            rows.Add(row);
        }

        return rows.Count;
    }

    private static object? Convert(JsonElement value, FieldShape shape) => shape switch
    {
        FieldShape.Numeric or FieldShape.Integer => decimal.Parse(value.ToString(), NumberStyles.Any, CultureInfo.InvariantCulture),
        FieldShape.Boolean => value.ValueKind == JsonValueKind.True,
        FieldShape.Timestamp => DateTimeOffset.Parse(value.ToString(), CultureInfo.InvariantCulture),
        FieldShape.TextArray => value.EnumerateArray().Select(i => i.ToString()).ToArray(),
        _ => value.ToString(),
    };
}
