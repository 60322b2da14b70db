using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Bubble;

/// <summary>Reads an app's types: from <c>/meta</c>, or from Swagger if that names no fields.</summary>
internal sealed partial class AppDescriptionReader(BubbleClient client)
{
    private const string Meta = "meta";
    private const string Swagger = "meta/swagger.json";

    // These concern every request, so reading records instead would fail for the same reason.
    private static readonly ErrorCode[] OfEveryRequest =
        [ErrorCode.TokenRefused, ErrorCode.SourceUnreachable, ErrorCode.SourceThrottled, ErrorCode.SourceWaitTooLong, ErrorCode.CallBudget];

    /// <summary>
    /// Returns the description. If neither of the two has fields, it has the types that <c>/meta</c> names, perhaps none, and
    /// <see cref="AppDescription.Failure"/> says what was refused.
    /// </summary>
    /// <exception cref="SyncException">Neither can be read, for a reason that concerns every request.</exception>
    public async Task<AppDescription> ReadAsync(CancellationToken cancellationToken)
    {
        var meta = await DescribeAsync(Meta, OfMeta, cancellationToken);
        if (meta.Types.Exists(t => t.Fields.Count > 0))
            return new AppDescription(SchemaSource.Meta, meta.Types);

        // A server that hides /meta, or puts a page of its own there, may still show Swagger.
        var swagger = await DescribeAsync(Swagger, OfSwagger, cancellationToken);
        if (swagger.Types.Count > 0)
            return new AppDescription(SchemaSource.Swagger, swagger.Types);

        if (meta.Refusal is not null && OfEveryRequest.Contains(meta.Refusal.Errors[0].Code))
            throw meta.Refusal;
        return new AppDescription(SchemaSource.Sample, meta.Types) { Failure = (meta.Refusal ?? swagger.Refusal)?.Message };
    }

    /// <summary>Reads the description for a command that can do without it: a refusal of any kind becomes <see cref="AppDescription.Failure"/>.</summary>
    public async Task<AppDescription> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (SyncException refusal)
        {
            return new AppDescription(SchemaSource.Sample, []) { Failure = refusal.Message };
        }
    }

    private async Task<(List<DescribedType> Types, SyncException? Refusal)> DescribeAsync(
        string path, Func<JsonElement, IEnumerable<DescribedType>> read, CancellationToken cancellationToken)
    {
        try
        {
            using var document = await client.DescribeAsync(path, cancellationToken);
            return document is null ? ([], null) : ([.. read(document.RootElement)], null);
        }
        catch (SyncException refusal)
        {
            return ([], refusal);
        }
        catch (InvalidOperationException malformed)
        {
            // A string in the document is not valid text, for example a lone surrogate.
            return ([], Malformed(path, malformed.Message));
        }
    }

    private static SyncException Malformed(string path, string why) =>
        new(new SyncError(SyncStage.Extract, path, null, null, ErrorCode.SourceGarbled, $"{path}: the app's description cannot be used: {why}"));

    private static IEnumerable<DescribedType> OfMeta(JsonElement meta)
    {
        if (meta.ValueKind != JsonValueKind.Object || !meta.TryGetProperty("get", out _))
            throw Malformed(Meta, "its JSON does not say which types the Data API serves ('get')");

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
        _ => Text(property, "description") is { } description && Reference()
            .Match(description) is { Success: true } reference ? Referred(reference.Groups[1].Value) : "text",
    };

    private static string Referred(string type) => type == "user" ? type : $"custom.{type}";

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject()
            : default;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : default;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Text(value) : null;

    private static string? Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    // "'user' represented by a unique ID" is all that Swagger says of a relation (manual.bubble.io, "The Bubble API").
    [GeneratedRegex("'([^']+)' represented by a unique ID")]
    private static partial Regex Reference();
}
