using System.Globalization;
using System.Text.Json;

namespace BubbleSync.Simulator.Storage;

/// <summary>A record that was put, as its bytes came, with what is needed to find and order it.</summary>
internal sealed record StoredRecord(byte[] Json, string? Id, long Created, long? Modified)
{
    /// <summary>The Created Date of a record that has none: such records come last and lie in no window.</summary>
    public const long Undated = long.MaxValue;

    /// <summary>How many generated records come before this one.</summary>
    public long Before { get; init; }

    /// <summary>Keeps records apart that agree in Created Date and id.</summary>
    public long Sequence { get; init; }

    public static StoredRecord Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new ArgumentException("A record is a JSON object.", nameof(json));

            return new(json, TextOf(root, "_id"), MomentOf(root, "Created Date") ?? Undated, MomentOf(root, "Modified Date"));
        }
        catch (JsonException fault)
        {
            throw new ArgumentException($"Not JSON: {fault.Message}", nameof(json), fault);
        }
    }

    public static bool TryMoment(string text, out long milliseconds)
    {
        var isMoment = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment);
        milliseconds = moment.ToUnixTimeMilliseconds();
        return isMoment;
    }

    private static string? TextOf(JsonElement record, string name)
    {
        if (!record.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return null;

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: good enough JSON to send, but no text that .NET can hold.
            return null;
        }
    }

    private static long? MomentOf(JsonElement record, string name) =>
        TextOf(record, name) is { } text && TryMoment(text, out var milliseconds) ? milliseconds : null;
}
