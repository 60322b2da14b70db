using System.Text.RegularExpressions;

namespace BubbleSync.Tests;

/// <summary>A file of ours as tests of shape see it: where it lies, and its text without comments.</summary>
/// <param name="Place">Its path below <c>src</c>, with slashes: <c>BubbleSync.Etl/Merge/Merger.cs</c>.</param>
/// <param name="Text">All of it.</param>
internal sealed partial record SourceFile(string Place, string Text)
{
    /// <summary>Every C# file below <c>src</c>.</summary>
    public static IReadOnlyList<SourceFile> All { get; } = Below("src");

    /// <summary>Every C# file below <c>tests</c>; their places are below it.</summary>
    public static IReadOnlyList<SourceFile> Tests { get; } = Below("tests");

    /// <summary>The folder of the project: <c>BubbleSync.Etl</c>.</summary>
    public string Project => Place.Split('/')[0];

    /// <summary>The folder inside the project, or empty at its root.</summary>
    public string Room => Place.Split('/') is [_, var room, _, ..] ? room : "";

    /// <summary>The text without comments; what quotes hold stays, for interpolations are code.</summary>
    public string Code { get; } = QuoteOrComment().Replace(Text, part => part.Value.StartsWith('/') ? "" : part.Value);

    /// <inheritdoc/>
    public override string ToString() => Place;

    private static List<SourceFile> Below(string folder)
    {
        var root = Path.Combine(Repository.Root, folder);
        return
        [
            .. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
                .Where(place => !Made().IsMatch(place))
                .Order(StringComparer.Ordinal)
                .Select(place => new SourceFile(place, File.ReadAllText(Path.Combine(root, place)))),
        ];
    }

    [GeneratedRegex("/(bin|obj)/")]
    private static partial Regex Made();

    [GeneratedRegex("""
        ("{3,})[\s\S]*?\1|@\$?"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|//[^\n]*|/\*[\s\S]*?\*/
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex QuoteOrComment();
}
