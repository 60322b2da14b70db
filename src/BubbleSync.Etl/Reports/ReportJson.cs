using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BubbleSync.Etl.Reports;

/// <summary>How results are written as JSON: camelCase, times as ISO 8601 in UTC with a <c>Z</c>, nulls written.</summary>
public static class ReportJson
{
    /// <summary>The options for all results.</summary>
    internal static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new UtcTime() },
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ReportTypes.Default, new DefaultJsonTypeInfoResolver()),
    };

    // Generated code gives a missing property null or 0 instead of its default.
    private static readonly JsonSerializerOptions Reading = new(Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    /// <summary>Reads JSON of this version or an earlier one: missing properties have their defaults.</summary>
    internal static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Reading)!;

    /// <summary>Writes a result.</summary>
    public static string Write<T>(T result) => JsonSerializer.Serialize(result, Options);

    /// <summary>Writes a list as its items come.</summary>
    public static Task WriteAsync<T>(Stream output, IAsyncEnumerable<T> list, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(output, list, Options, cancellationToken);

    private sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(UtcText.Of(value));
    }
}
