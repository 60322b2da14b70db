using System.Text.Json;

namespace BubbleSync.Etl.Bubble;

/// <summary>The message in the JSON of a refusal.</summary>
/// <param name="Words">The message, as it was sent.</param>
/// <param name="IsOfApp">Whether the JSON has one of the two forms of Bubble's errors.</param>
internal sealed record ErrorBody(string Words, bool IsOfApp)
{
    // Of Bubble, of problem+json (RFC 9457), and of proxies and gateways. The first of each group that has a text is used.
    private static readonly string[][] Groups = [["title", "error"], ["message", "detail", "translation", "error_description", "reason"]];

    /// <summary>Returns the message; null where the JSON has none.</summary>
    public static ErrorBody? Of(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return null;

        // Many servers write a statusCode, but only Bubble puts the message into a body beside it.
        var isNested = Member(root, "body") is { ValueKind: JsonValueKind.Object };
        var isOfApp = (isNested && root.TryGetProperty("statusCode", out _)) || root.TryGetProperty("error_class", out _);
        var inner = isNested ? root.GetProperty("body") : root;
        if (Member(inner, "error") is { ValueKind: JsonValueKind.Object } error)
            inner = error;
        else if (Member(inner, "errors") is { ValueKind: JsonValueKind.Array } errors
            && errors.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first)
            inner = first;
        var words = Groups.Select(names => names.Select(name => Text(inner, name)).FirstOrDefault(t => t is not null)).OfType<string>().Distinct();
        return string.Join(": ", words) is { Length: > 0 } said ? new ErrorBody(said, isOfApp) : null;
    }

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
