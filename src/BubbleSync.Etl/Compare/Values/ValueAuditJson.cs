using System.Text.Json;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Compare.Values;

/// <summary>An audit of values as one JSON document: its rows as they come, then the totals.</summary>
internal sealed class ValueAuditJson(Stream output) : IAsyncDisposable
{
    private const int Enough = 64 * 1024;
    private static readonly string[] Names = ["entity", "bubbleId", "bubbleField", "column", "raw", "mapped", "stored", "verdict"];

    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { Encoder = ReportJson.Options.Encoder, Indented = true });

    /// <summary>Writes rows ordered as <see cref="ValueAudit.Head"/>; returns how many.</summary>
    public async Task<long> WriteAsync(IAsyncEnumerable<IReadOnlyList<string>> rows, CancellationToken cancellationToken)
    {
        var written = 0L;
        Begin();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            _json.WriteStartObject();
            for (var i = 0; i < Names.Length; i++)
                _json.WriteString(Names[i], row[i]);
            _json.WriteEndObject();
            written++;
            if (_json.BytesPending > Enough)
                await _json.FlushAsync(cancellationToken);
        }

        return written;
    }

    /// <summary>Writes the rest of the report, even if rows are missing.</summary>
    public async Task CloseAsync(ValueAuditReport report, CancellationToken cancellationToken)
    {
        if (_json.CurrentDepth == 0)
            Begin();
        _json.WriteEndArray();
        foreach (var (name, value) in JsonSerializer.SerializeToNode(report, ReportJson.TypeOf<ValueAuditReport>())!.AsObject().Where(m => m.Key != "rows"))
        {
            _json.WritePropertyName(name);
            if (value is null)
                _json.WriteNullValue();
            else
                value.WriteTo(_json);
        }

        _json.WriteEndObject();
        await _json.FlushAsync(cancellationToken);
        await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _json.DisposeAsync();

    private void Begin()
    {
        _json.WriteStartObject();
        _json.WriteStartArray("rows");
    }
}
