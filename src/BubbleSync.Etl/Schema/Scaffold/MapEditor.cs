using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Adds lines to the end of a map's fields and leaves every other byte of the file as it is, comments included.</summary>
internal static class MapEditor
{
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Writes the file anew, in one step: whoever reads it finds the old text or the new.</summary>
    /// <exception cref="SyncException">It cannot be written, or would not read as a map; then it stays as it was.</exception>
    public static async Task AddAsync(string path, IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        try
        {
            var text = await File.ReadAllBytesAsync(path, cancellationToken);
            var edited = With(text, lines);
            await CheckAsync(path, edited, cancellationToken);
            var written = path + ".new";
            await File.WriteAllBytesAsync(written, edited, cancellationToken);
            File.Move(written, path, overwrite: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, Path.GetFileName(path), ErrorCode.Settings, $"'{path}' cannot be written: {refused.Message}"), refused);
        }
    }

    // Maps refer to each other, so all of them are read.
    private static async Task CheckAsync(string path, byte[] edited, CancellationToken cancellationToken)
    {
        var trial = Directory.CreateTempSubdirectory("bubblesync-maps-");
        try
        {
            foreach (var map in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, "*.json"))
                File.Copy(map, Path.Combine(trial.FullName, Path.GetFileName(map)));
            await File.WriteAllBytesAsync(Path.Combine(trial.FullName, Path.GetFileName(path)), edited, cancellationToken);
            EntityMapReader.Read(trial.FullName);
        }
        finally
        {
            trial.Delete(recursive: true);
        }
    }

    private static byte[] With(byte[] text, IReadOnlyList<string> lines)
    {
        var end = EndOfLastField(text);
        var (hasComma, at) = EndOfItsLine(text, end);
        var added = Encoding.UTF8.GetBytes(string.Join(",", lines.Select(line => $"\n    {line}")));
        return [.. text.AsSpan(0, end), .. hasComma ? ""u8 : ","u8, .. text.AsSpan(end, at - end), .. added, .. text.AsSpan(at)];
    }

    // A comma may follow the last field, and a comment that belongs to its line.
    private static (bool HasComma, int At) EndOfItsLine(ReadOnlySpan<byte> text, int end)
    {
        var (hasComma, line, at) = (false, -1, end);
        while (text[at] != ']')
        {
            var rest = text[at..];
            if (rest.StartsWith("//"u8))
                at += rest.IndexOf((byte)'\n');
            else if (rest.StartsWith("/*"u8))
                at += rest.IndexOf("*/"u8) + 2;
            else
            {
                (hasComma, line) = text[at] switch
                {
                    (byte)',' => (true, -1),
                    (byte)'\n' when line < 0 => (hasComma, at),
                    _ => (hasComma, line),
                };
                at++;
            }
        }

        return (hasComma, line < 0 ? at : line);
    }

    // The map has been read already, so there is a list of fields with at least one object in it.
    private static int EndOfLastField(byte[] text)
    {
        var mark = Encoding.UTF8.Preamble;
        var start = text.AsSpan().StartsWith(mark) ? mark.Length : 0;
        var reader = new Utf8JsonReader(text.AsSpan(start), Lenient);
        var (inside, end) = (false, 0L);
        while (reader.Read())
        {
            if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
                inside = reader.ValueTextEquals("fields");
            else if (inside && reader is { TokenType: JsonTokenType.EndObject, CurrentDepth: 2 })
                end = reader.BytesConsumed;
        }

        return start + (int)end;
    }
}
