using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Adds lines to the end of the fields of maps and leaves every other byte of the files unchanged, including comments.</summary>
internal static class MapEditor
{
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>
    /// Rewrites the files. All are written beside the old ones before the first is replaced, and a reader of a file finds the old text or the new one.
    /// </summary>
    /// <param name="folder">The folder of all maps.</param>
    /// <param name="added">The lines to add, by file name.</param>
    /// <param name="cancellationToken">Stops it before the first file is replaced.</param>
    /// <exception cref="SyncException">A file cannot be written, or would not read as a map; then all stay as they were.</exception>
    public static async Task AddAsync(string folder, IReadOnlyDictionary<string, IReadOnlyList<string>> added, CancellationToken cancellationToken)
    {
        var (path, written) = (folder, new List<string>());
        try
        {
            var edited = new Dictionary<string, byte[]>();
            foreach (var (file, lines) in added)
                edited[file] = With(await File.ReadAllBytesAsync(path = Path.Combine(folder, file), cancellationToken), lines);

            await CheckAsync(folder, edited, cancellationToken);
            foreach (var (file, text) in edited)
            {
                written.Add(path = Path.Combine(folder, file));
                await File.WriteAllBytesAsync(Beside(path), text, cancellationToken);
            }

            foreach (var old in written)
                File.Move(Beside(old), path = old, overwrite: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, Path.GetFileName(path), ErrorCode.Settings, $"'{path}' cannot be written: "
                + $"{refused.Message}"), refused);
        }
        finally
        {
            foreach (var left in written.Select(Beside).Where(File.Exists))
                File.Delete(left);
        }
    }

    private static string Beside(string path) => path + ".new";

    // Maps refer to each other, so all of them are read.
    private static async Task CheckAsync(string folder, IReadOnlyDictionary<string, byte[]> edited, CancellationToken cancellationToken)
    {
        var trial = Directory.CreateTempSubdirectory("bubblesync-maps-");
        try
        {
            foreach (var map in Directory.EnumerateFiles(folder, "*.json"))
                File.Copy(map, Path.Combine(trial.FullName, Path.GetFileName(map)));
            foreach (var (file, text) in edited)
                await File.WriteAllBytesAsync(Path.Combine(trial.FullName, file), text, cancellationToken);
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
