using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BubbleSync.Etl.Words;

/// <summary>Writes texts as JSON strings that people read: letters outside ASCII stay as they are.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns one string, in quotes.</summary>
    public static string Of(string text) => JsonValue.Create(text).ToJsonString(Readable);

    /// <summary>Returns a list of strings on one line, without blanks.</summary>
    public static string Of(IEnumerable<string> texts) => new JsonArray([.. texts.Select(text => (JsonNode?)text)]).ToJsonString(Readable);
}
