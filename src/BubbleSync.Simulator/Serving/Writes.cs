using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Simulator.Storage;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Answers requests that create, change or delete records.</summary>
internal sealed class Writes(RecordEditor editor)
{
    private const int LongestBulk = 1000;

    public async Task<Answer> CreateAsync(TypeStore store, HttpRequest request)
    {
        var id = editor.Create(store, Parse(await TextAsync(request)));
        return Answer.Of(201, Answer.Json, Success(id));
    }

    public async Task<Answer> PatchAsync(TypeStore store, string id, HttpRequest request) =>
        editor.Patch(store, id, Parse(await TextAsync(request))) ? Answer.Nothing : throw Refusal.MissingRecord(store.Url, id);

    public async Task<Answer> ReplaceAsync(TypeStore store, string id, HttpRequest request) =>
        editor.Replace(store, id, Parse(await TextAsync(request))) ? Answer.Nothing : throw Refusal.MissingRecord(store.Url, id);

    public static Answer Delete(TypeStore store, string id) =>
        store.Delete(id) ? Answer.Nothing : throw Refusal.MissingRecord(store.Url, id);

    public async Task<Answer> BulkAsync(TypeStore store, HttpRequest request)
    {
        if (request.ContentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) != true)
            throw Refusal.Bad("Expecting a newline-seperated list of JSON objects.  Make sure the Content-Type header is text/plain");

        var lines = (await TextAsync(request)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length > LongestBulk)
            throw Refusal.Bad($"Bulk create takes at most {LongestBulk} lines");

        return Answer.Of(200, Answer.Plain, string.Join('\n', lines.Select(line => CreateLine(store, line))));
    }

    private string CreateLine(TypeStore store, string line)
    {
        try
        {
            return Success(editor.Create(store, Parse(line)));
        }
        catch (Refusal refusal)
        {
            var message = JsonNode.Parse(refusal.Message)!["body"]!["message"]!.GetValue<string>();
            return $$"""{"status":"error","message":"{{Refusal.Escape(message)}}"}""";
        }
    }

    private static string Success(string id) => $$"""{"status":"success","id":"{{id}}"}""";

    private static JsonObject Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject ?? throw Refusal.Bad($"Could not parse as JSON: {json}");
        }
        catch (JsonException)
        {
            throw Refusal.Bad($"Could not parse as JSON: {json}");
        }
    }

    private static async Task<string> TextAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
    }
}
