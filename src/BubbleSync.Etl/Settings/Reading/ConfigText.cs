using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Reads a configuration file as JSON: UTF-8 with or without a mark, comments and trailing commas allowed, no name twice.</summary>
internal static partial class ConfigText
{
    private static readonly JsonDocumentOptions Options =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Gives the document; the caller disposes of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">How messages name it.</param>
    /// <exception cref="SyncException">It cannot be read, or is no JSON.</exception>
    public static JsonDocument Parse(string path, string name)
    {
        try
        {
            var text = Strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
            return string.IsNullOrWhiteSpace(text) ? throw Fault(name, "it is empty, where a JSON object is expected") : JsonDocument.Parse(text, Options);
        }
        catch (JsonException broken)
        {
            throw Fault(name, Said(broken));
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

    // The parser counts lines from 0 and adds places that say nothing to a reader; of a name that is there twice it tells no line.
    private static string Said(JsonException broken)
    {
        if (Duplicate().Match(broken.Message) is { Success: true } twice)
            return $"the name '{twice.Groups[1].Value}' is there twice in one object";

        return Invariant($"not valid JSON at line {broken.LineNumber + 1}: {broken.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}");
    }

    [GeneratedRegex("[Dd]uplicate property '([^']*)'")]
    private static partial Regex Duplicate();

    private static SyncException Fault(string name, string what) =>
        new(new SyncError(SyncStage.Settings, null, null, name, ErrorCode.Settings, $"{name}: {what}"));
}
