using System.Text.RegularExpressions;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>A patch, as its file defines it.</summary>
/// <param name="Name">The file's name without ending: <c>010-invoice-seda-link</c>.</param>
/// <param name="Sql">Set-based statements; a second run changes nothing.</param>
/// <param name="Tables">The tables it needs; it is skipped where one is missing.</param>
/// <param name="Report">A query of (entity, bubble_id, message) for the activity log, or null.</param>
internal sealed partial record PatchFile(string Name, string Sql, IReadOnlyList<string> Tables, string? Report)
{
    private const string TablesMark = "-- tables:";
    private const string ReportMark = "-- report:";
    private const string CompletesMark = "-- completes:";

    /// <summary>
    /// Returns the columns, as <c>table.column</c>, that the patches of a folder complete beyond what Bubble sends; none where there is no such folder.
    /// </summary>
    public static IReadOnlySet<string> CompletedColumns(string folder) => Directory.Exists(folder)
        ? ReadAll(folder, []).SelectMany(p => p.Completes).ToHashSet()
        : new HashSet<string>();

    /// <summary>The columns, as <c>table.column</c>, that it completes beyond what Bubble sends.</summary>
    public IReadOnlyList<string> Completes { get; private init; } = [];

    /// <summary>Whether it reads which rows were touched; if not, it looks at all rows in every run.</summary>
    public bool ReadsTouchedRows => Touched().IsMatch(SqlStatements.WithoutHidden(Sql));

    /// <summary>Why it is never run, whatever the database contains; or null.</summary>
    public string? Fault => SqlStatements.TransactionWord(Sql) is { } word
        ? $"'{word}' is not allowed in a patch, which is one transaction; remove it"
        : SettingStatements.Fault(Sql) ?? SettingStatements.Fault(Report ?? "");

    /// <summary>Reads the patches of a folder and checks that each can be run.</summary>
    /// <exception cref="SyncException">Some cannot; all of them are named.</exception>
    public static IReadOnlyList<PatchFile> ReadSound(string folder)
    {
        var patches = ReadAll(folder, []);
        var faults = patches.Where(p => p.Fault is not null).Select(p => Error(p.Name, $"{p.Name}: {p.Fault}.")).ToList();
        return faults.Count == 0 ? patches : throw new SyncException(faults);
    }

    /// <summary>Reads the patches of a folder in the order of their names, or those named by their number or their whole name.</summary>
    public static IReadOnlyList<PatchFile> ReadAll(string folder, IReadOnlyCollection<string> names)
    {
        if (!Directory.Exists(folder))
            throw Unreadable("Run:Patches", $"There is no folder '{folder}'. Point Run:Patches to the folder with the patches.");

        var patches = Directory.EnumerateFiles(folder, "*.sql").Order(StringComparer.Ordinal).Select(Read).ToList();
        foreach (var unknown in names.Where(n => !patches.Any(p => p.Answers(n))))
            throw Unreadable("patch", $"There is no patch '{unknown}'.{DidYouMean.Hint(unknown, patches.Select(p => p.Name))}");
        return names.Count == 0 ? patches : [.. patches.Where(p => names.Any(p.Answers))];
    }

    private bool Answers(string name) => Name == name || Name.Split('-')[0] == name;

    private static PatchFile Read(string path)
    {
        var text = "\n" + Text(path);
        var parts = text.Split('\n').ToList();
        var tables = Words(parts, TablesMark);
        var report = text.IndexOf("\n" + ReportMark, StringComparison.Ordinal);
        return new PatchFile(
            Path.GetFileNameWithoutExtension(path),
            report < 0 ? text : text[..report],
            tables,
            report < 0 ? null : text[(report + 1 + ReportMark.Length)..])
        {
            Completes = Words(parts, CompletesMark),
        };
    }

    private static string[] Words(List<string> lines, string mark) =>
        lines.Find(l => l.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..]
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(Path.GetFileName(path), $"{path}: cannot be read: {unreadable.Message}");
        }
    }

    [GeneratedRegex(@"\bbubblesync\.touched\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Touched();

    private static SyncException Unreadable(string field, string message) => new(Error(field, message));

    private static SyncError Error(string field, string message) => new(SyncStage.Settings, null, null, field, ErrorCode.Settings, message);
}
