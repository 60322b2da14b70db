using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Extract;

/// <summary>Finds fields and their types in a sample of a type's records: the oldest page and the newest.</summary>
internal static partial class RecordSample
{
    private const string Text = "text";
    private const string Object = "object";

    /// <summary>Reads at most two pages; returns each field's name and type, in the words of <c>/meta</c>, in the order of first appearance.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(EntitySource source, BubbleSettings settings, CancellationToken cancellationToken)
    {
        var fields = new OrderedDictionary<string, string>();
        var (count, remaining) = await AddAsync(source, 0, settings.PageSize, fields, cancellationToken);
        if (remaining > 0)
        {
            var last = Math.Min(count + remaining.Value, settings.OffsetCeiling) - settings.PageSize;
            await AddAsync(source, Math.Max(last, count), settings.PageSize, fields, cancellationToken);
        }

        return fields;
    }

    private static async Task<(int Count, long? Remaining)> AddAsync(
        EntitySource source, long cursor, int limit, OrderedDictionary<string, string> fields, CancellationToken cancellationToken)
    {
        using var page = await source.PageAsync(null, cursor, limit, cancellationToken);
        Add(page, fields);
        return (page.Count, page.Remaining);
    }

    private static void Add(RawPage page, OrderedDictionary<string, string> fields)
    {
        foreach (var record in page.Records.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.Object))
        {
            foreach (var field in record.EnumerateObject().Where(f => f.Value.ValueKind != JsonValueKind.Null))
                fields[field.Name] = fields.TryGetValue(field.Name, out var known) ? Both(known, KindOf(field.Value)) : KindOf(field.Value);
        }
    }

    private static string KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Object => Object,
        JsonValueKind.Array => $"list.{value.EnumerateArray().Select(KindOf).Aggregate((string?)null, (a, b) => a is null ? b : Both(a, b)) ?? Text}",
        _ => value.GetRawText() switch
        {
            ['"', '/', '/', ..] => "file",
            var text when Date().IsMatch(text) => "date",
            _ => Text,
        },
    };

    // A field with values of different types is text, which can store all of them; the items of a list are treated alike.
    private static string Both(string one, string other) => (one, other) switch
    {
        _ when one == other => one,
        (['l', 'i', 's', 't', '.', .. var a], ['l', 'i', 's', 't', '.', .. var b]) => $"list.{Both(a, b)}",
        (Object, _) or (_, Object) => Object,
        _ => Text,
    };

    [GeneratedRegex("""^"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z"$""")]
    private static partial Regex Date();
}
