using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
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
        TypeInfoResolver = ReportTypes.Default,
    };

    private static readonly JsonNodeOptions Names = new() { PropertyNameCaseInsensitive = true };

    /// <summary>Lets other options write and read the results of this library as this class does: by generated code, times in UTC.</summary>
    /// <param name="options">The options of a host.</param>
    public static void AddTo(JsonSerializerOptions options)
    {
        options.Converters.Add(new UtcTime());
        options.TypeInfoResolverChain.Add(ReportTypes.Default);
    }

    /// <summary>Returns how a type is written and read.</summary>
    /// <exception cref="NotSupportedException">The type is no result.</exception>
    internal static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    /// <summary>Reads JSON of this version or an earlier one: a property that it lacks has its type's default, null or 0.</summary>
    internal static T Read<T>(string json) => JsonSerializer.Deserialize(json, TypeOf<T>())!;

    /// <summary>Reads JSON of this version or an earlier one: a property that it lacks has the value of <paramref name="defaults"/>.</summary>
    internal static T Read<T>(string json, T defaults)
    {
        // Generated code does not run the initializers of properties that are missing.
        var type = TypeOf<T>();
        var document = JsonNode.Parse(json, Names)!.AsObject();
        var required = type.Properties.Where(p => p.IsRequired).Select(p => p.Name).ToHashSet();
        foreach (var (name, value) in JsonSerializer.SerializeToNode(defaults, type)!.AsObject())
        {
            if (!required.Contains(name) && !document.ContainsKey(name))
                document[name] = value?.DeepClone();
        }

        return document.Deserialize(type)!;
    }

    /// <summary>Writes a result: a report of this library, or a list that it returns.</summary>
    /// <exception cref="NotSupportedException">The type is no result.</exception>
    public static string Write<T>(T result) => JsonSerializer.Serialize(result, TypeOf<T>());

    /// <summary>Writes a list as its items come: lines of a run's log, or rejected fields.</summary>
    /// <exception cref="NotSupportedException">The type is no result.</exception>
    public static Task WriteAsync<T>(Stream output, IAsyncEnumerable<T> list, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(output, list, TypeOf<IAsyncEnumerable<T>>(), cancellationToken);

    private sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(UtcText.Of(value));
    }
}
