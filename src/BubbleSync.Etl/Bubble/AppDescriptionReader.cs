using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Bubble;

/// <summary>Asks an app what it has: <c>/meta</c>, and where that names no fields, Swagger.</summary>
internal sealed partial class AppDescriptionReader(BubbleClient client)
{
    /// <summary>Gives the description; one without types where the app says nothing.</summary>
    /// <exception cref="SyncException">Neither can be read, and one of them was refused.</exception>
    public async Task<AppDescription> ReadAsync(CancellationToken cancellationToken)
    {
        var (meta, refusal) = await TryDescribeAsync(cancellationToken);
        using (meta)
        {
            var types = meta is null ? [] : OfMeta(meta.RootElement).ToList();
            if (types.Exists(t => t.Fields.Count > 0))
                return new AppDescription(SchemaSource.Meta, types);

            using var swagger = await client.DescribeAsync("meta/swagger.json", cancellationToken);
            if (swagger is not null)
                return new AppDescription(SchemaSource.Swagger, [.. OfSwagger(swagger.RootElement)]);

            return refusal is null ? new AppDescription(SchemaSource.Sample, types) : throw refusal;
        }
    }

    // A server that hides /meta, or puts a page of its own there, may still show Swagger.
    private async Task<(JsonDocument? Meta, SyncException? Refusal)> TryDescribeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await client.DescribeAsync("meta", cancellationToken), null);
        }
        catch (SyncException refusal)
        {
            return (null, refusal);
        }
    }

    /// <summary>Reads the description for a command that can do without it; returns one without types, and the reason, where it cannot be read.</summary>
    public async Task<(AppDescription App, string? Failure)> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ReadAsync(cancellationToken), null);
        }
        catch (Exception failure) when (failure is SyncException or InvalidOperationException)
        {
            // InvalidOperationException: a string in the document is not valid text, for example a lone surrogate.
            return (new AppDescription(SchemaSource.Sample, []), failure.Message);
        }
    }

    private static IEnumerable<DescribedType> OfMeta(JsonElement meta)
    {
        var details = Members(meta, "types").ToList();
        foreach (var name in Items(meta, "get").Select(Text).OfType<string>())
        {
            var detail = details.FirstOrDefault(d => IsSame(d.Name, name) || IsSame(Text(d.Value, "display"), name));
            yield return detail.Value.ValueKind == JsonValueKind.Undefined
                ? new DescribedType(name, name, name, [])
                : new DescribedType(name, detail.Name, Text(detail.Value, "display") ?? name, FieldsOf(detail.Value));
        }
    }

    private static bool IsSame(string? one, string other) => one is not null && BubbleQuery.TypeName(one) == BubbleQuery.TypeName(other);

    // The editor lets two fields have one name; their ids differ.
    private static IReadOnlyList<DescribedField> FieldsOf(JsonElement type)
    {
        var fields = Items(type, "fields").Select(FieldOf).OfType<DescribedField>().DistinctBy(f => (f.Name, f.Id)).ToList();
        var uses = fields.SelectMany(f => f.Names).CountBy(name => name).ToDictionary();
        return [.. fields.Select(f => f with { IsNameShared = uses[f.Name] > 1 })];
    }

    private static DescribedField? FieldOf(JsonElement field) =>
        (Text(field, "display") ?? Text(field, "id")) is { } name ? new DescribedField(name, Text(field, "id") ?? name, Text(field, "type") ?? "text") : null;

    // Swagger has one path for each type and one for its single records; a definition "orderBody" beside "order" is what writes take.
    private static IEnumerable<DescribedType> OfSwagger(JsonElement swagger)
    {
        var paths = Members(swagger, "paths").Select(p => p.Name).ToHashSet();
        return from definition in Members(swagger, "definitions")
               where paths.Count == 0 || paths.Contains($"/obj/{definition.Name}")
               let fields = Members(definition.Value, "properties").Where(p => !string.IsNullOrWhiteSpace(p.Name))
               select new DescribedType(
                   definition.Name, definition.Name, definition.Name, [.. fields.Select(p => new DescribedField(p.Name, p.Name, KindOf(p.Value)))]);
    }

    private static string KindOf(JsonElement property) => (Text(property, "type"), Text(property, "format")) switch
    {
        ("number" or "integer", _) => "number",
        ("boolean", _) => "boolean",
        ("string", "date-time") => "date",
        ("array", _) => $"list.{(property.TryGetProperty("items", out var items) ? KindOf(items) : "text")}",
        ("object", _) => "object",
        _ => Text(property, "description") is { } description && Reference().Match(description) is { Success: true } reference ? Referred(reference.Groups[1].Value) : "text",
    };

    private static string Referred(string type) => type == "user" ? type : $"custom.{type}";

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Text(value) : null;

    private static string? Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    // "'user' represented by a unique ID" is all that Swagger says of a relation (manual.bubble.io, "The Bubble API").
    [GeneratedRegex("'([^']+)' represented by a unique ID")]
    private static partial Regex Reference();
}
