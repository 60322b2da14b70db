using System.Text;
using System.Text.Json;

namespace BubbleSync.Etl.Config;

/// <summary>Reads a configuration file as JSON: UTF-8 with or without a mark, comments and trailing commas allowed, no name twice.</summary>
internal static class ConfigText
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Gives the document; the caller disposes of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">How messages name it.</param>
    /// <exception cref="SyncException">It cannot be read, or is no JSON.</exception>
    public static JsonDocument Parse(string path, string name)
    {
        try
        {
            return JsonDocument.Parse(Strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF'), Options);
        }
        catch (JsonException broken)
        {
            throw Fault(name, $"not valid JSON at line {broken.LineNumber + 1}: {broken.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw Fault(name, "not UTF-8. Save it in that encoding");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Fault(name, $"cannot be read: {unreadable.Message}");
        }
    }

    private static SyncException Fault(string name, string what) => new(new SyncError("settings", null, null, name, "settings", $"{name}: {what}"));
}
