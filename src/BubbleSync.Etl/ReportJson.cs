using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BubbleSync.Etl;

/// <summary>How results are written as JSON: camelCase, times as ISO 8601 in UTC with a <c>Z</c>, nulls written.</summary>
public static class ReportJson
{
    /// <summary>The options for all results.</summary>
    internal static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new UtcTime(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        TypeInfoResolver = JsonTypeInfoResolver.Combine(KnownTypes.Default, new DefaultJsonTypeInfoResolver()),
    };

    /// <summary>Writes a result.</summary>
    public static string Write<T>(T result) => JsonSerializer.Serialize(result, Options);

    /// <summary>Writes a list as its items come.</summary>
    public static Task WriteAsync<T>(Stream output, IAsyncEnumerable<T> list, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(output, list, Options, cancellationToken);

    private sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null));
    }
}

/// <summary>What every run writes, with its members known at build time, which spares a run the compiling of 200 methods; of all else they are looked up.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(ResyncOptions))]
[JsonSerializable(typeof(EntityProof))]
internal sealed partial class KnownTypes : JsonSerializerContext;
